#include "intertie/reduce/execute.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "intertie/codec/codec.h"

namespace intertie::reduce {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

Error misfit(const MergeId& merge, SiteId site, std::string what) {
  return {.code = ErrorCode::give_up,
          .where = fmt::format("merge {}.{}, from site {}", merge.fragment.value, merge.version.value, site.value),
          .what = std::move(what),
          .fix = {},
          .cause = {}};
}

}  // namespace

Hash64 hash_of_set(std::span<const SetMember> set) {
  wire::Writer writer;
  for (const SetMember& member : set) writer(member.site, member.incarnation, member.contribution, member.weight);
  return hash_bytes(writer.take());
}

Execution::Execution(const Settings& settings, const wire::Schedule& schedule, std::span<float> result)
    : settings_(settings), schedule_(schedule), result_(result), slots_(chunks_of(schedule)), state_(slots_.size()) {
  INTERTIE_CHECK_EQ(result.size(), schedule.elements);
  for (Slot& slot : state_) slot.contributions.resize(settings.num_sites);
}

bool Execution::sums(std::size_t slot) const {
  return schedule_.reduction == wire::Reduction::gather || slots_[slot].owner == settings_.self;
}

std::span<float> Execution::result_of(std::size_t slot) const {
  const ElementRange range = elements_of(slots_[slot].blocks, schedule_.elements);
  return result_.subspan(range.first, range.size());
}

std::size_t Execution::find_slot(const BlockRange& blocks) const {
  const auto found = std::lower_bound(slots_.begin(), slots_.end(), blocks.first,
                                      [](const ChunkSlot& slot, std::uint32_t first) { return slot.blocks.first < first; });
  if (found == slots_.end() || found->blocks != blocks) return kNone;
  return static_cast<std::size_t>(found - slots_.begin());
}

std::size_t Execution::num_missing_from(SiteId site) const {
  std::size_t missing = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (state_[i].finished) continue;
    const bool waits = sums(i) ? state_[i].contributions[site.value].empty() : slots_[i].owner == site;
    missing += waits ? 1 : 0;
  }
  return missing;
}

wire::Chunk Execution::make_chunk(wire::ChunkKind kind, std::size_t index, SharedBytes payload) const {
  const bool is_result = kind == wire::ChunkKind::result;
  return {.kind = kind,
          .merge = settings_.merge,
          .restart = settings_.restart,
          .site = settings_.self,
          .incarnation = settings_.incarnation,
          .contribution = {},
          .set = is_result ? set_hash_ : Hash64{},
          .lane = {},
          .blocks = slots_[index].blocks,
          .encoding = is_result ? settings_.result_encoding : settings_.contribution_encoding,
          .payload = std::move(payload)};
}

void Execution::offer(std::size_t slot, Contribution number, SharedBytes encoded, Sends& sends) {
  wire::Chunk chunk = make_chunk(wire::ChunkKind::contribution, slot, encoded);
  chunk.contribution = number;
  for (std::uint16_t step = 1; step < settings_.num_sites; ++step) {
    const SiteId to{static_cast<std::uint16_t>((settings_.self.value + step) % settings_.num_sites)};
    if (schedule_.reduction == wire::Reduction::gather || slots_[slot].owner == to) sends.push_back({to, chunk});
  }
  if (!sums(slot)) return;
  SharedBytes& mine = state_[slot].contributions[settings_.self.value];
  INTERTIE_CHECK(mine.empty());
  mine = std::move(encoded);
  if (complete(state_[slot])) sum(slot, sends);
}

Result<void> Execution::presume(std::vector<SetMember> set, Sends& sends) {
  INTERTIE_CHECK(set_.empty() && set.size() == settings_.num_sites);
  set_ = std::move(set);
  set_hash_ = hash_of_set(set_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (sums(i)) {
      if (complete(state_[i])) sum(i, sends);
    } else if (!state_[i].result.empty()) {
      INTERTIE_RETURN_IF_ERROR(take_result(i));
    }
  }
  return {};
}

Result<void> Execution::check(const wire::Chunk& chunk, std::size_t slot) const {
  const auto bad = [&](std::string what) { return misfit(settings_.merge, chunk.site, std::move(what)); };
  if (chunk.merge != settings_.merge || chunk.restart != settings_.restart) return bad("a chunk of another merge or restart");
  if (chunk.site.value >= settings_.num_sites || chunk.site == settings_.self) return bad("a chunk of a site that has no say");
  if (chunk.lane != Lane{}) return bad("a chunk of a lane that this run does not have");
  if (slot == kNone) {
    return bad(fmt::format("blocks {}-{} are no chunk of the schedule", chunk.blocks.first, chunk.blocks.last));
  }
  const bool is_result = chunk.kind == wire::ChunkKind::result;
  if (is_result && (sums(slot) || slots_[slot].owner != chunk.site)) return bad("a result from a site that does not own it");
  if (!is_result && !sums(slot)) return bad("a contribution to blocks that another site sums");
  if (chunk.encoding != (is_result ? settings_.result_encoding : settings_.contribution_encoding)) {
    return bad(fmt::format("unexpected encoding {}", to_string(chunk.encoding)));
  }
  if (chunk.payload.size() != codec::encoded_size(chunk.encoding, result_of(slot).size())) {
    return bad(fmt::format("{} bytes where the chunk has another size", chunk.payload.size()));
  }
  return {};
}

Result<void> Execution::receive(const wire::Chunk& chunk, Sends& sends) {
  const std::size_t index = find_slot(chunk.blocks);
  INTERTIE_RETURN_IF_ERROR(check(chunk, index));
  Slot& slot = state_[index];
  if (chunk.kind == wire::ChunkKind::result) {
    if (slot.finished || !slot.result.empty()) {
      ++num_duplicates_;
      return {};
    }
    slot.result = chunk.payload;
    slot.result_set = chunk.set;
    return set_.empty() ? Result<void>{} : take_result(index);
  }
  SharedBytes& contribution = slot.contributions[chunk.site.value];
  if (!contribution.empty()) {
    ++num_duplicates_;
    return {};
  }
  contribution = chunk.payload;
  if (complete(slot)) sum(index, sends);
  return {};
}

bool Execution::complete(const Slot& slot) const {
  if (set_.empty() || slot.finished) return false;
  return std::none_of(slot.contributions.begin(), slot.contributions.end(), [](const SharedBytes& c) { return c.empty(); });
}

void Execution::sum(std::size_t index, Sends& sends) {
  Slot& slot = state_[index];
  const std::span<float> total = result_of(index);
  for (std::size_t i = 0; i < set_.size(); ++i) {
    const auto add = i == 0 ? codec::decode_scaled : codec::decode_add_scaled;
    add(settings_.contribution_encoding, slot.contributions[set_[i].site.value].view(), set_[i].weight, total);
  }
  if (schedule_.reduction == wire::Reduction::owners) publish_result(index, sends);
  slot.finished = true;
  ++num_finished_;
}

// The owner, too, goes on from what the encoded result decodes to.
void Execution::publish_result(std::size_t index, Sends& sends) {
  const std::span<float> total = result_of(index);
  std::vector<std::byte> encoded(codec::encoded_size(settings_.result_encoding, total.size()));
  codec::encode(settings_.result_encoding, total, encoded);
  codec::decode(settings_.result_encoding, encoded, total);
  const wire::Chunk chunk = make_chunk(wire::ChunkKind::result, index, SharedBytes(std::move(encoded)));
  for (std::uint16_t step = 1; step < settings_.num_sites; ++step) {
    const SiteId to{static_cast<std::uint16_t>((settings_.self.value + step) % settings_.num_sites)};
    sends.push_back({to, chunk});
  }
}

Result<void> Execution::take_result(std::size_t index) {
  Slot& slot = state_[index];
  if (slot.result_set != set_hash_) {
    return misfit(settings_.merge, slots_[index].owner,
                  fmt::format("its result is the sum of set {}, this site presumes set {}", to_string(slot.result_set),
                              to_string(set_hash_)));
  }
  codec::decode(settings_.result_encoding, slot.result.view(), result_of(index));
  slot.finished = true;
  ++num_finished_;
  return {};
}

}  // namespace intertie::reduce
