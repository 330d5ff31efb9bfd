#include "intertie/sync/planned_death.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace intertie::sync {
namespace {

constexpr std::array<std::pair<DeathPlace, const char*>, 8> kPlaces = {{
    {DeathPlace::first_block, "first-block"},
    {DeathPlace::half_contribution, "half-contribution"},
    {DeathPlace::half_results, "half-results"},
    {DeathPlace::results_at_one, "results-at-one"},
    {DeathPlace::all_sent, "all-sent"},
    {DeathPlace::applied, "applied"},
    {DeathPlace::flush_asked, "flush-asked"},
    {DeathPlace::flush_answered, "flush-answered"},
}};

Error no_place(std::string_view text) {
  std::vector<const char*> names;
  for (const auto& [place, name] : kPlaces) names.push_back(name);
  return {.code = ErrorCode::reconfigure,
          .where = "--die-at",
          .what = fmt::format("{:?} is no place to die at", text),
          .fix = fmt::format("write VERSION:PLACE or +COUNT:PLACE, a number from 1 on and one of {}", fmt::join(names, ", ")),
          .cause = {}};
}

}  // namespace

const char* name_of(DeathPlace place) { return kPlaces[static_cast<std::size_t>(place)].second; }

Result<PlannedDeath> parse_planned_death(std::string_view text) {
  PlannedDeath plan;
  plan.of_this_start = text.starts_with('+');
  const std::string_view given = text;
  if (plan.of_this_start) text.remove_prefix(1);
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto [end, status] = std::from_chars(text.data(), text.data() + colon, plan.version.value);
  const bool is_version = status == std::errc() && end == text.data() + colon && plan.version > Version{};
  const std::string_view place = text.substr(std::min(colon + 1, text.size()));
  const auto* found = std::find_if(kPlaces.begin(), kPlaces.end(), [place](const auto& each) { return each.second == place; });
  if (!is_version || found == kPlaces.end()) return no_place(given);
  plan.place = found->first;
  return plan;
}

void DeathWatch::makes(Version from) {
  if (plan_.of_this_start && plan_.version == kNever) plan_.version = Version{from.value + count_ - 1};
}

void DeathWatch::begin(Version version, const std::vector<reduce::ChunkSlot>& slots, wire::Reduction reduction, SiteId self,
                       const std::vector<SiteId>& members) {
  if (version != plan_.version || reached_) return;
  reduction_ = reduction;
  shares_.clear();
  const bool gathers = reduction == wire::Reduction::gather;
  for (const SiteId to : members) {
    if (to == self) continue;
    Share& share = shares_[to];
    for (const reduce::ChunkSlot& slot : slots) {
      share.all_contributions += gathers || slot.owner == to ? 1 : 0;
      share.all_results += !gathers && slot.owner == self ? 1 : 0;
    }
  }
  if (shares_.empty()) return;
  const auto after = shares_.upper_bound(self);
  next_site_ = after == shares_.end() ? shares_.begin()->first : after->first;
}

DeathWatch::Quota DeathWatch::quota(SiteId to) const {
  const Share& share = shares_.at(to);
  const std::size_t half = share.all_contributions / 2;
  switch (plan_.place) {
    case DeathPlace::first_block: return {0, 0};
    case DeathPlace::half_contribution: return {half, 0};
    case DeathPlace::half_results:
      if (reduction_ == wire::Reduction::gather) return {to == next_site_ ? half : 0, 0};
      return {share.all_contributions, to == next_site_ ? share.all_results / 2 : 0};
    case DeathPlace::results_at_one:
      if (reduction_ == wire::Reduction::gather) return {to == next_site_ ? share.all_contributions : 0, 0};
      return {share.all_contributions, to == next_site_ ? share.all_results : 0};
    default: return {share.all_contributions, share.all_results};
  }
}

// Whether it leaves.
bool DeathWatch::count(SiteId to, wire::ChunkKind kind) {
  const auto share = shares_.find(to);
  if (share == shares_.end()) return false;
  const bool result = kind == wire::ChunkKind::result;
  std::size_t& sent = result ? share->second.results : share->second.contributions;
  if (sent >= (result ? quota(to).results : quota(to).contributions)) return false;
  ++sent;
  return true;
}

bool DeathWatch::all_left() const {
  return !shares_.empty() && std::all_of(shares_.begin(), shares_.end(), [this](const auto& each) {
    const Quota most = quota(each.first);
    return each.second.contributions >= most.contributions && each.second.results >= most.results;
  });
}

reduce::Sends DeathWatch::allow(reduce::Sends sends) {
  if (!stops_sending()) return sends;
  reduce::Sends allowed;
  bool seen = false;
  for (reduce::Send& each : sends) {
    const auto* chunk = std::get_if<wire::Chunk>(&each.message);
    const bool earlier = chunk && chunk->merge.version < plan_.version;
    const bool counts = chunk && chunk->merge.version == plan_.version;
    seen = seen || counts;
    if (!chunk || earlier || (counts && !reached_ && count(each.to, chunk->kind))) allowed.push_back(std::move(each));
  }
  if (seen && all_left()) reached_ = true;
  return allowed;
}

bool DeathWatch::may_apply(Version version) const { return !stops_sending() || version < plan_.version; }

void DeathWatch::applied(Version version) {
  if (plan_.place == DeathPlace::applied && version == plan_.version) reached_ = true;
}

void DeathWatch::flush_asked(Version open) {
  if (plan_.place == DeathPlace::flush_asked && open >= plan_.version) reached_ = true;
}

void DeathWatch::flush_answered(Version open) {
  if (plan_.place == DeathPlace::flush_answered && open >= plan_.version) answered_ = true;
}

void DeathWatch::view_comes() {
  if (answered_) reached_ = true;
}

}  // namespace intertie::sync
