#include "intertie/reduce/execute.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "intertie/base/planted.h"
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

// The others of `sites`, beginning with the one after `self`, so that all links fill at once.
std::vector<SiteId> others_from(const std::vector<SiteId>& sites, SiteId self) {
  std::vector<SiteId> others;
  std::copy_if(sites.begin(), sites.end(), std::back_inserter(others), [self](SiteId site) { return site > self; });
  std::copy_if(sites.begin(), sites.end(), std::back_inserter(others), [self](SiteId site) { return site < self; });
  return others;
}

}  // namespace

Hash64 hash_of_set(std::span<const SetMember> set) {
  wire::Writer writer;
  for (const SetMember& member : set) writer(member.site, member.incarnation, member.contribution, member.weight);
  return hash_bytes(writer.take());
}

Execution::Execution(const Settings& settings, const wire::Schedule& schedule, std::vector<SetMember> presumed,
                     std::vector<float> result)
    : settings_(settings),
      reduction_(schedule.reduction),
      elements_(schedule.elements),
      slots_(chunks_of(schedule)),
      state_(slots_.size()),
      members_(std::move(presumed)),
      set_(members_),
      set_hash_(hash_of_set(set_)),
      result_(std::move(result)) {
  INTERTIE_CHECK_EQ(result_.size(), elements_);
  for (Slot& slot : state_) slot.contributions.resize(settings.num_sites);
  for (const ChunkSlot& slot : slots_) scheduled_owners_.push_back(slot.owner);
  std::vector<SiteId> sites;
  for (const SetMember& each : members_) sites.push_back(each.site);
  recipients_ = others_from(sites, settings_.self);
}

std::span<float> Execution::result_of(std::size_t slot) {
  const ElementRange range = elements_of(slots_[slot].blocks, elements_);
  return std::span(result_).subspan(range.first, range.size());
}

std::size_t Execution::find_slot(const BlockRange& blocks) const {
  const auto found = std::lower_bound(slots_.begin(), slots_.end(), blocks.first,
                                      [](const ChunkSlot& slot, std::uint32_t first) { return slot.blocks.first < first; });
  if (found == slots_.end() || found->blocks != blocks) return kNone;
  return static_cast<std::size_t>(found - slots_.begin());
}

const SetMember* Execution::member(SiteId site) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [site](const SetMember& m) { return m.site == site; });
  return found == members_.end() ? nullptr : &*found;
}

std::size_t Execution::num_missing_from(SiteId site) const {
  const bool in_set = std::any_of(set_.begin(), set_.end(), [site](const SetMember& m) { return m.site == site; });
  std::size_t missing = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (state_[i].finished) continue;
    const bool waits = sums(i) ? in_set && state_[i].contributions[site.value].empty() : slots_[i].owner == site;
    missing += waits ? 1 : 0;
  }
  return missing;
}

// ---- contributions and sums ----

wire::Chunk Execution::make_chunk(wire::ChunkKind kind, std::size_t index, Encoding encoding, SharedBytes payload) const {
  return {.kind = kind,
          .merge = settings_.merge,
          .view = settings_.view,
          .restart = settings_.restart,
          .site = settings_.self,
          .incarnation = settings_.incarnation,
          .contribution = {},
          .set = {},
          .lane = {},
          .blocks = slots_[index].blocks,
          .encoding = encoding,
          .payload = std::move(payload)};
}

wire::Chunk Execution::contribution_chunk(std::size_t index, const SetMember& author) const {
  wire::Chunk chunk = make_chunk(wire::ChunkKind::contribution, index, settings_.contribution_encoding,
                                 state_[index].contributions[author.site.value]);
  chunk.site = author.site;
  chunk.incarnation = author.incarnation;
  chunk.contribution = author.contribution;
  return chunk;
}

void Execution::offer(std::size_t slot, Contribution number, SharedBytes encoded, Sends& sends) {
  SharedBytes& mine = state_[slot].contributions[settings_.self.value];
  INTERTIE_CHECK(mine.empty());
  mine = std::move(encoded);
  const SetMember author{settings_.self, settings_.incarnation, number, 0};
  for (const SiteId to : recipients_) {
    if (gathers() || slots_[slot].owner == to) sends.push_back({to, contribution_chunk(slot, author)});
  }
  if (sums(slot) && complete(state_[slot])) sum(slot, sends);
}

Result<void> Execution::check(const wire::Chunk& chunk, std::size_t slot) const {
  const auto bad = [&](std::string what) { return misfit(settings_.merge, chunk.site, std::move(what)); };
  if (chunk.merge != settings_.merge || chunk.restart != settings_.restart) return bad("a chunk of another merge or restart");
  if (!member(chunk.site)) return bad("a chunk of a site that has no say");
  if (chunk.lane != Lane{}) return bad("a chunk of a lane that this run does not have");
  if (slot == kNone) {
    return bad(fmt::format("blocks {}-{} are no chunk of the schedule", chunk.blocks.first, chunk.blocks.last));
  }
  // A result that is given again after a change of members travels as what it decodes to.
  const bool is_result = chunk.kind == wire::ChunkKind::result;
  const bool expected = is_result ? chunk.encoding == settings_.result_encoding || chunk.encoding == Encoding::f32
                                  : chunk.encoding == settings_.contribution_encoding;
  if (!expected) return bad(fmt::format("unexpected encoding {}", to_string(chunk.encoding)));
  if (chunk.payload.size() != codec::encoded_size(chunk.encoding, elements_of(slots_[slot].blocks, elements_).size())) {
    return bad(fmt::format("{} bytes where the chunk has another size", chunk.payload.size()));
  }
  return {};
}

Result<void> Execution::receive(const wire::Chunk& chunk, Sends& sends) {
  const std::size_t index = find_slot(chunk.blocks);
  INTERTIE_RETURN_IF_ERROR(check(chunk, index));
  if (chunk.kind == wire::ChunkKind::contribution) return take_contribution(chunk, index, sends);
  const Parked result{chunk.encoding, chunk.payload};
  if (chunk.set != set_hash_) {
    if (state_[index].results.size() == kMostSets) return misfit(settings_.merge, chunk.site, "results of too many sets");
    state_[index].results[chunk.set] = result;
  } else if (state_[index].finished) {
    ++num_duplicates_;
  } else {
    take_result(index, result);
  }
  return {};
}

Result<void> Execution::take_contribution(const wire::Chunk& chunk, std::size_t index, Sends& sends) {
  SharedBytes& contribution = state_[index].contributions[chunk.site.value];
  if (chunk.site == settings_.self || !contribution.empty()) {
    ++num_duplicates_;
    return {};
  }
  contribution = chunk.payload;
  if (sums(index) && complete(state_[index])) sum(index, sends);
  return {};
}

bool Execution::complete(const Slot& slot) const {
  return !slot.finished && std::none_of(set_.begin(), set_.end(),
                                        [&slot](const SetMember& each) { return slot.contributions[each.site.value].empty(); });
}

void Execution::finish(std::size_t index) {
  state_[index].finished = true;
  ++num_finished_;
}

void Execution::sum(std::size_t index, Sends& sends) {
  const std::span<float> total = result_of(index);
  const std::size_t first = planted(Bug::arrival_order) ? set_.size() - 1 : 0;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    const SetMember& each = set_[(first + i) % set_.size()];
    const auto add = i == 0 ? codec::decode_scaled : codec::decode_add_scaled;
    add(settings_.contribution_encoding, state_[index].contributions[each.site.value].view(), each.weight, total);
  }
  if (!gathers()) publish_result(index, sends);
  finish(index);
}

// The owner, too, goes on from what the encoded result decodes to.
void Execution::publish_result(std::size_t index, Sends& sends) {
  const std::span<float> total = result_of(index);
  std::vector<std::byte> encoded(codec::encoded_size(settings_.result_encoding, total.size()));
  codec::encode(settings_.result_encoding, total, encoded);
  codec::decode(settings_.result_encoding, encoded, total);
  wire::Chunk chunk = make_chunk(wire::ChunkKind::result, index, settings_.result_encoding, SharedBytes(std::move(encoded)));
  chunk.set = set_hash_;
  for (const SiteId to : recipients_) sends.push_back({to, chunk});
}

void Execution::take_result(std::size_t index, const Parked& result) {
  codec::decode(result.encoding, result.payload.view(), result_of(index));
  finish(index);
}

// ---- a change of members ----

wire::OpenMerge Execution::holdings() const {
  wire::OpenMerge open{.merge = settings_.merge,
                       .num_chunks = static_cast<std::uint32_t>(slots_.size()),
                       .members = {},
                       .set = {},
                       .results = wire::ChunkSet(slots_.size()),
                       .contributions = {}};
  for (const SetMember& each : set_) open.set.push_back({each.site, each.incarnation});
  for (const SetMember& each : members_) {
    open.members.push_back({each.site, each.incarnation});
    open.contributions.emplace_back(slots_.size());
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (state_[i].finished) open.results.add(i);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      if (!state_[i].contributions[members_[m].site.value].empty()) open.contributions[m].add(i);
    }
  }
  return open;
}

void Execution::order(const wire::MergeOrder& order, std::vector<SetMember> set, Sends& sends) {
  recipients_ = others_from(order.survivors, settings_.self);
  const bool keeps_the_dead = planted(Bug::count_at_one) && settings_.self == order.survivors.back();
  if (!keeps_the_dead) set_ = std::move(set);
  if (const Hash64 hash = hash_of_set(set_); hash != set_hash_) {
    set_hash_ = hash;
    num_finished_ = 0;
    for (Slot& slot : state_) slot.finished = false;
  }
  if (!gathers()) replace_owners(sends);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (state_[i].finished || take_parked(i)) continue;
    if (sums(i) && complete(state_[i])) sum(i, sends);
  }
  ask(order, sends);
}

// The chunks of an owner that is gone go to the survivors in site order, and what this site has offered to them with them. From
// the schedule's owners each time, so that it does not matter which orders a site has seen before.
void Execution::replace_owners(Sends& sends) {
  std::vector<SiteId> survivors = recipients_;
  survivors.push_back(settings_.self);
  std::sort(survivors.begin(), survivors.end());
  const SetMember* self = member(settings_.self);
  std::size_t turn = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const bool stays = std::find(survivors.begin(), survivors.end(), scheduled_owners_[i]) != survivors.end();
    const SiteId owner = stays ? scheduled_owners_[i] : survivors[turn++ % survivors.size()];
    if (slots_[i].owner == owner) continue;
    slots_[i].owner = owner;
    const bool offered = self && !state_[i].contributions[settings_.self.value].empty();
    if (offered && owner != settings_.self) sends.push_back({owner, contribution_chunk(i, *self)});
  }
}

bool Execution::take_parked(std::size_t index) {
  const auto found = state_[index].results.find(set_hash_);
  if (found == state_[index].results.end()) return false;
  take_result(index, found->second);
  state_[index].results.erase(found);
  return true;
}

bool Execution::lacks(const wire::MergeOrder& order, std::size_t index, SiteId author) const {
  if (state_[index].finished) return false;
  return order.kind == wire::OrderKind::adopt || (sums(index) && state_[index].contributions[author.value].empty());
}

void Execution::ask(const wire::MergeOrder& order, Sends& sends) const {
  const bool adopt = order.kind == wire::OrderKind::adopt;
  for (const wire::ChunkSource& source : order.sources) {
    wire::ChunkRequest request{.kind = adopt ? wire::ChunkKind::result : wire::ChunkKind::contribution,
                               .merge = settings_.merge,
                               .restart = settings_.restart,
                               .author = source.author,
                               .chunks = wire::ChunkSet(slots_.size())};
    bool any = false;
    for (std::size_t i = source.first; i < std::min<std::size_t>(source.last, slots_.size()); ++i) {
      if (source.from == settings_.self || !lacks(order, i, source.author)) continue;
      request.chunks.add(i);
      any = true;
    }
    if (any) sends.push_back({source.from, std::move(request)});
  }
}

Result<void> Execution::serve(SiteId to, const wire::ChunkRequest& request, Sends& sends) const {
  const SetMember* author = member(request.author);
  if (request.kind == wire::ChunkKind::contribution && !author) {
    return misfit(settings_.merge, to, "asks for the contribution of a site that has no say");
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!request.chunks.has(i)) continue;
    if (request.kind == wire::ChunkKind::contribution && !state_[i].contributions[author->site.value].empty()) {
      sends.push_back({to, contribution_chunk(i, *author)});
    } else if (state_[i].finished) {
      const ElementRange range = elements_of(slots_[i].blocks, elements_);
      const auto bytes = std::as_bytes(std::span(result_).subspan(range.first, range.size()));
      wire::Chunk chunk =
          make_chunk(wire::ChunkKind::result, i, Encoding::f32, SharedBytes(std::vector(bytes.begin(), bytes.end())));
      chunk.set = set_hash_;
      sends.push_back({to, std::move(chunk)});
    }
  }
  return {};
}

void Execution::forget_contributions() {
  for (Slot& slot : state_) {
    std::fill(slot.contributions.begin(), slot.contributions.end(), SharedBytes());
    slot.results.clear();
  }
}

}  // namespace intertie::reduce
