// Schedules: who sums which blocks of a merge and over which ways its bytes go, decided in advance and published to every site
// as bytes.
//
// Vocabulary. N sites, a fragment of E elements in B blocks, e bytes per encoded contribution, r per encoded result.
//   gather   every site sends its contribution to every other and sums all N itself. No second encoding.
//            Each site sends (N-1) e; one propagation delay.
//   owners   the blocks are divided among the sites; the owner of a share receives its blocks of every contribution, sums them,
//            and sends the result to all. In equal shares each site sends (N-1)/N e + (N-1)/N r; two propagation delays.
// Over what is known of the sites' network (a Map), a linear programme says how large the shares are and how the bytes travel
// (docs/schedule.md). Where nothing is known, shares are equal and everything goes directly. Two sites gather unless the run
// file says otherwise: the same bytes, half the delay, no second encoding (docs/protocol.md rule 4).
// Pure, and the same input gives the same bytes; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/reduce/map.h"
#include "intertie/wire/messages.h"

namespace intertie::reduce {

inline constexpr std::uint32_t kChunkBlocks = 16;  // 256 KiB of f32

// Where the network is unknown.
struct Request {
  wire::Reduction reduction = wire::Reduction::owners;
  std::vector<SiteId> members = {};  // in site order; at least one
  std::uint64_t elements = 0;
  std::uint32_t bucket_blocks = 0;  // shares are equal within each bucket of so many blocks; 0: one bucket
};
wire::Schedule make_schedule(const Request& request);

// Bytes that the sites send in one merge, and the time that it takes: every link and access line carries its bytes at an even
// rate from beginning to end, and what arrives last was under way for the delays of the longest way, to an owner and back.
struct Cost {
  std::vector<Bytes> sent = {};  // by each site of the map, what it passes on for others included
  Duration transfer{0};
  Duration delays{0};
  Duration time() const { return transfer + delays; }
};
struct ElementBytes {
  double contribution = 4;
  double result = 4;
};
// Of a schedule that is valid for the map's sites. A link that the map does not have, and the schedule uses: Duration::max().
Cost predict(const wire::Schedule& schedule, const Map& map, ElementBytes element);

// Where the network is known: the schedule that predict() finds fastest.
struct Work {
  std::uint64_t elements = 0;
  ElementBytes element = {};
  std::optional<wire::Reduction> reduction = {};  // none: whichever takes less time; a gather for two sites
  std::uint32_t bucket_blocks = 0;                // as in Request
  std::uint32_t chunk_blocks = kChunkBlocks;
};
struct Scheduled {
  wire::Schedule schedule;
  Cost predicted;
  Duration optimum{0};  // the linear programme's transfer time, before shares are rounded to blocks
};
// Errors (reconfigure) name the sites that no way of at most two relays joins, or whose memory is too small.
Result<Scheduled> best_schedule(const Map& map, const Work& work);

// Blocks of a bucket of `mib` MiB of f32. 0: an eighth of the gradient, at most 4 MiB - a site can send its first bucket only
// when the backward pass has come through it. At least one block for every site, and no more pieces than a view may name.
std::uint32_t bucket_blocks(double mib, std::uint64_t elements, std::uint16_t num_sites);

// A schedule that came over the wire: pieces cover the fragment without gap, owners are members; ways lead over other members,
// no more than two, and are a route's whole together. Errors: give_up.
Result<void> validate(const wire::Schedule& schedule, std::span<const SiteId> members, std::uint64_t elements);

// The route from one site to another; null: direct and unpaced.
const wire::Route* find_route(const wire::Schedule& schedule, SiteId from, SiteId to);

// What travels as a unit, in block order: pieces cut into chunks of at most chunk_blocks.
struct ChunkSlot {
  BlockRange blocks;
  SiteId owner;
};
std::vector<ChunkSlot> chunks_of(const wire::Schedule& schedule);

// The slots in the order in which `self` best sends them: every owner gets its slots evenly over the whole time, so that all
// links fill at once, each at the pace of its share, and all owners can begin to sum; among equals the owner after `self`
// first, and `self` last.
std::vector<std::size_t> sending_order(const std::vector<ChunkSlot>& slots, SiteId self, std::uint16_t num_sites);

}  // namespace intertie::reduce
