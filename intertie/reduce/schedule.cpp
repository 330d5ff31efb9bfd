#include "intertie/reduce/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/reduce/shares.h"

namespace intertie::reduce {
namespace {

constexpr std::size_t kMostWays = 1024;  // of one route: all there are among 32 sites

Error bad_schedule(std::string what) {
  return {.code = ErrorCode::give_up, .where = "schedule", .what = std::move(what), .fix = {}, .cause = {}};
}

bool is_member(SiteId site, std::span<const SiteId> members) {
  return std::find(members.begin(), members.end(), site) != members.end();
}

Result<void> validate_pieces(const wire::Schedule& schedule, std::span<const SiteId> members) {
  std::uint32_t at = 0;
  for (const wire::Piece& piece : schedule.pieces) {
    if (piece.blocks.first != at || piece.blocks.empty()) return bad_schedule("pieces leave a gap or overlap");
    const bool gather = schedule.reduction == wire::Reduction::gather;
    if (gather && piece.owner != SiteId{}) return bad_schedule("names an owner where every site sums");
    if (!gather && !is_member(piece.owner, members)) return bad_schedule("names an owner that is not a member");
    at = piece.blocks.last;
  }
  if (at != blocks_of(schedule.elements)) return bad_schedule("pieces do not cover the fragment");
  return {};
}

Result<void> validate_way(const wire::Route& route, const wire::Way& way, std::span<const SiteId> members) {
  if (way.relays.size() > wire::kMostRelays) return bad_schedule("a way has more than two relays");
  if (way.parts == 0 || way.parts > wire::Way::kWhole) return bad_schedule("a way's part is out of range");
  for (std::size_t i = 0; i < way.relays.size(); ++i) {
    const SiteId relay = way.relays[i];
    if (!is_member(relay, members)) return bad_schedule("names a relay that is not a member");
    const bool again = i > 0 && way.relays[i - 1] == relay;
    if (again || relay == route.from || relay == route.to) return bad_schedule("a way comes through a site twice");
  }
  return {};
}

Result<void> validate_route(const wire::Route& route, std::span<const SiteId> members) {
  if (!is_member(route.from, members) || !is_member(route.to, members) || route.from == route.to) {
    return bad_schedule("a route is not between two members");
  }
  if (route.ways.size() > kMostWays) return bad_schedule("a route has too many ways");
  std::uint64_t parts = 0;
  for (std::size_t i = 0; i < route.ways.size(); ++i) {
    INTERTIE_RETURN_IF_ERROR(validate_way(route, route.ways[i], members));
    if (i > 0 && route.ways[i - 1].relays >= route.ways[i].relays) return bad_schedule("a route's ways are not in order");
    parts += route.ways[i].parts;
  }
  if (!route.ways.empty() && parts != wire::Way::kWhole) return bad_schedule("a route's ways are not its whole together");
  return {};
}

bool comes_before(const wire::Route& a, const wire::Route& b) { return a.from != b.from ? a.from < b.from : a.to < b.to; }

}  // namespace

std::uint32_t bucket_blocks(double mib, std::uint64_t elements, std::uint16_t num_sites) {
  constexpr double kBlocksPerMib = 1024.0 * 1024.0 / (kBlockElements * sizeof(float));
  const std::uint64_t blocks = blocks_of(elements);
  const double usual = std::min(4 * kBlocksPerMib, static_cast<double>(blocks) / 8);
  const auto wanted = static_cast<std::uint64_t>(mib > 0 ? mib * kBlocksPerMib : usual);
  const std::uint64_t fewest = blocks * num_sites / wire::kMaxList + 1;
  return static_cast<std::uint32_t>(std::max({wanted, fewest, std::uint64_t{num_sites}}));
}

wire::Schedule make_schedule(const Request& request) {
  const bool gather = request.reduction == wire::Reduction::gather;
  const std::vector<SiteId> owners = gather ? std::vector{SiteId{0}} : request.members;
  const std::vector<double> equal(owners.size(), 1.0);
  return {.number = 1,
          .reduction = request.reduction,
          .elements = request.elements,
          .chunk_blocks = kChunkBlocks,
          .pieces = pieces_of({owners, equal, request.elements, request.bucket_blocks}),
          .routes = {}};
}

Result<void> validate(const wire::Schedule& schedule, std::span<const SiteId> members, std::uint64_t elements) {
  if (schedule.elements != elements) {
    return bad_schedule(fmt::format("is for {} elements, the model has {}", schedule.elements, elements));
  }
  if (schedule.chunk_blocks == 0 || schedule.chunk_blocks > 256) return bad_schedule("chunk size is out of range");
  INTERTIE_RETURN_IF_ERROR(validate_pieces(schedule, members));
  for (std::size_t i = 0; i < schedule.routes.size(); ++i) {
    INTERTIE_RETURN_IF_ERROR(validate_route(schedule.routes[i], members));
    const bool in_order = i == 0 || comes_before(schedule.routes[i - 1], schedule.routes[i]);
    if (!in_order) return bad_schedule("routes are not in order");
  }
  return {};
}

const wire::Route* find_route(const wire::Schedule& schedule, SiteId from, SiteId to) {
  const wire::Route wanted{.from = from, .to = to, .rate = 0, .ways = {}};
  const auto found = std::lower_bound(schedule.routes.begin(), schedule.routes.end(), wanted, comes_before);
  return found != schedule.routes.end() && found->from == from && found->to == to ? &*found : nullptr;
}

std::vector<ChunkSlot> chunks_of(const wire::Schedule& schedule) {
  std::vector<ChunkSlot> slots;
  for (const wire::Piece& piece : schedule.pieces) {
    for (std::uint32_t at = piece.blocks.first; at < piece.blocks.last; at += schedule.chunk_blocks) {
      slots.push_back({{at, std::min(piece.blocks.last, at + schedule.chunk_blocks)}, piece.owner});
    }
  }
  return slots;
}

// The k-th of an owner's n slots is due when the (2 k + 1)-th of 2 n parts of the time has passed.
std::vector<std::size_t> sending_order(const std::vector<ChunkSlot>& slots, SiteId self, std::uint16_t num_sites) {
  struct Due {
    std::uint64_t numerator, denominator;
    std::uint32_t turn;  // 0: the site after this one; last: itself
    std::size_t slot;
  };
  std::vector<std::uint64_t> so_far(num_sites), in_all(num_sites);
  for (const ChunkSlot& slot : slots) ++in_all[slot.owner.value];
  std::vector<Due> dues;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::uint16_t owner = slots[i].owner.value;
    const std::uint32_t turn = (owner + 2U * num_sites - self.value - 1U) % num_sites;
    dues.push_back({2 * so_far[owner]++ + 1, 2 * in_all[owner], turn, i});
  }
  std::stable_sort(dues.begin(), dues.end(), [](const Due& a, const Due& b) {
    const std::uint64_t left = a.numerator * b.denominator;
    const std::uint64_t right = b.numerator * a.denominator;
    return left != right ? left < right : a.turn < b.turn;
  });
  std::vector<std::size_t> order;
  for (const Due& due : dues) order.push_back(due.slot);
  return order;
}

}  // namespace intertie::reduce
