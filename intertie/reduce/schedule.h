// Schedules: who sums which blocks of a merge, decided in advance and published to every site as bytes.
//
// Vocabulary. N sites, a fragment of E elements in B blocks, e bytes per encoded contribution, r per encoded result.
//   gather   every site sends its contribution to every other and sums all N itself. No second encoding.
//            Each site sends (N-1) e and receives (N-1) e; one propagation delay.
//   owners   the blocks are divided among the sites in equal shares; an owner receives its blocks of every contribution, sums
//            them, and sends the result to all. Each site sends (N-1)/N e + (N-1)/N r and receives the same; two propagation
//            delays.
// Two sites gather unless the run file says otherwise: the same bytes, half the delay, no second encoding (docs/protocol.md
// rule 4).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/env/link_model.h"
#include "intertie/wire/messages.h"

namespace intertie::reduce {

inline constexpr std::uint32_t kChunkBlocks = 16;  // 256 KiB of f32

struct Request {
  wire::Reduction reduction = wire::Reduction::owners;
  std::vector<SiteId> members = {};  // in site order; at least one
  std::uint64_t elements = 0;
  std::uint32_t bucket_blocks = 0;  // shares are equal within each bucket of so many blocks; 0: one bucket
};
wire::Schedule make_schedule(const Request& request);

// Blocks of a bucket of `mib` MiB of f32. 0: an eighth of the gradient, at most 4 MiB - a site can send its first bucket only
// when the backward pass has come through it. At least one block for every site, and no more pieces than a view may name.
std::uint32_t bucket_blocks(double mib, std::uint64_t elements, std::uint16_t num_sites);

// A schedule that came over the wire: pieces cover the fragment without gap, owners are members. Errors: give_up.
Result<void> validate(const wire::Schedule& schedule, std::span<const SiteId> members, std::uint64_t elements);

// What travels as a unit, in block order: pieces cut into chunks of at most chunk_blocks.
struct ChunkSlot {
  BlockRange blocks;
  SiteId owner;
};
std::vector<ChunkSlot> chunks_of(const wire::Schedule& schedule);

// The slots in the order in which `self` best sends them: the other owners in turns, beginning after itself, so that all links
// fill at once; its own slots (which a gather sends to everybody) in block order at the end.
std::vector<std::size_t> sending_order(const std::vector<ChunkSlot>& slots, SiteId self, std::uint16_t num_sites);

// Bytes that one site sends in one merge, and the time if every site has `line`'s rate each way and its delay to each other.
struct Cost {
  Bytes sent_per_site;
  Duration time{0};
};
struct ElementBytes {
  double contribution = 4;
  double result = 4;
};
Cost predict(const wire::Schedule& schedule, std::uint16_t num_sites, ElementBytes element, env::LinkProfile line);

}  // namespace intertie::reduce
