#include "intertie/reduce/schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::reduce {
namespace {

// Divides `blocks` into shares that differ by at most one block; the sites that get one more begin at `first_extra`, so that
// over many buckets nobody always has the larger share.
void append_shares(const BlockRange& blocks, const std::vector<SiteId>& members, std::uint32_t first_extra,
                   std::vector<wire::Piece>& pieces) {
  const auto num_sites = static_cast<std::uint32_t>(members.size());
  const std::uint32_t base = blocks.size() / num_sites;
  const std::uint32_t extra = blocks.size() % num_sites;
  std::uint32_t at = blocks.first;
  for (std::uint32_t member = 0; member < num_sites; ++member) {
    const bool one_more = (member + num_sites - first_extra % num_sites) % num_sites < extra;
    const std::uint32_t size = base + (one_more ? 1 : 0);
    if (size > 0) pieces.push_back({.blocks = {at, at + size}, .owner = members[member]});
    at += size;
  }
}

Error bad_schedule(std::string what) {
  return {.code = ErrorCode::give_up, .where = "schedule", .what = std::move(what), .fix = {}, .cause = {}};
}

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
  wire::Schedule schedule{
      .number = 1, .reduction = request.reduction, .elements = request.elements, .chunk_blocks = kChunkBlocks, .pieces = {}};
  const std::uint32_t blocks = blocks_of(request.elements);
  const std::uint32_t bucket = request.bucket_blocks > 0 ? request.bucket_blocks : std::max(1U, blocks);
  std::uint32_t first_extra = 0;
  for (std::uint32_t at = 0; at < blocks; at += bucket) {
    const BlockRange range{at, std::min(blocks, at + bucket)};
    if (request.reduction == wire::Reduction::gather) {
      schedule.pieces.push_back({.blocks = range, .owner = SiteId{0}});
    } else {
      append_shares(range, request.members, first_extra, schedule.pieces);
      first_extra += range.size() % static_cast<std::uint32_t>(request.members.size());
    }
  }
  return schedule;
}

Result<void> validate(const wire::Schedule& schedule, std::span<const SiteId> members, std::uint64_t elements) {
  if (schedule.elements != elements) {
    return bad_schedule(fmt::format("is for {} elements, the model has {}", schedule.elements, elements));
  }
  if (schedule.chunk_blocks == 0 || schedule.chunk_blocks > 256) return bad_schedule("chunk size is out of range");
  std::uint32_t at = 0;
  for (const wire::Piece& piece : schedule.pieces) {
    if (piece.blocks.first != at || piece.blocks.empty()) return bad_schedule("pieces leave a gap or overlap");
    const bool gather = schedule.reduction == wire::Reduction::gather;
    if (!gather && std::find(members.begin(), members.end(), piece.owner) == members.end())
      return bad_schedule("names an owner that is not a member");
    at = piece.blocks.last;
  }
  if (at != blocks_of(elements)) return bad_schedule("pieces do not cover the fragment");
  return {};
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

std::vector<std::size_t> sending_order(const std::vector<ChunkSlot>& slots, SiteId self, std::uint16_t num_sites) {
  std::vector<std::vector<std::size_t>> by_turn(num_sites);  // turn 0: the site after this one; last: itself
  std::size_t longest = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto& turn = by_turn[(slots[i].owner.value + 2U * num_sites - self.value - 1U) % num_sites];
    turn.push_back(i);
    longest = std::max(longest, turn.size());
  }
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < longest; ++k) {
    for (std::size_t turn = 0; turn + 1 < num_sites; ++turn) {
      if (k < by_turn[turn].size()) order.push_back(by_turn[turn][k]);
    }
  }
  order.insert(order.end(), by_turn.back().begin(), by_turn.back().end());
  return order;
}

Cost predict(const wire::Schedule& schedule, std::uint16_t num_sites, ElementBytes element, env::LinkProfile line) {
  if (num_sites < 2) return {};
  const auto elements = static_cast<double>(schedule.elements);
  const double others = num_sites - 1.0;
  const bool gather = schedule.reduction == wire::Reduction::gather;
  const double sent = gather ? others * elements * element.contribution
                             : others / num_sites * elements * (element.contribution + element.result);
  const Bytes bytes{static_cast<std::uint64_t>(sent)};
  const Duration sending = line.rate.bits_per_second > 0 ? transfer_time(bytes, line.rate) : Duration{0};
  return {.sent_per_site = bytes, .time = sending + (gather ? 1 : 2) * line.delay};
}

}  // namespace intertie::reduce
