// Which checkpoints are complete, and which are still needed.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/holder.h"

namespace intertie::members {
namespace {

constexpr std::size_t kMostOpen = 64;
constexpr std::size_t kKept = 2;  // complete ones

// Of the records that are not complete, or the oldest at all.
std::vector<CheckpointRecord>::iterator oldest_open(std::vector<CheckpointRecord>& records) {
  const auto open = std::find_if(records.begin(), records.end(), [](const CheckpointRecord& each) { return !each.complete; });
  return open == records.end() ? records.begin() : open;
}

}  // namespace

// The start of the site that made that version and has been a member since, so that its part is waited for; nullopt: none.
std::optional<Incarnation> Holder::writes(SiteId site, Version version) const {
  const auto view = std::find_if(makers_.rbegin(), makers_.rend(), [&](const auto& each) { return each.first <= version; });
  if (view == makers_.rend()) return std::nullopt;
  const std::vector<wire::MemberRecord>& makers = view->second;
  const auto maker = std::find_if(makers.begin(), makers.end(), [site](const auto& each) { return each.site == site; });
  if (maker == makers.end()) return std::nullopt;
  const bool stayed = std::all_of(makers_.rbegin(), view, [&](const auto& each) {
    return std::find(each.second.begin(), each.second.end(), *maker) != each.second.end();
  });
  return stayed ? std::optional(maker->incarnation) : std::nullopt;
}

Actions Holder::record_checkpoint(const wire::MemberRecord& from, const wire::CheckpointOffer& checkpoint) {
  const std::optional<wire::View>& view = standing_.view();
  const bool counts = view && checkpoint.restart == view->restart && standing_.has_say(from.site, from.incarnation);
  if (!counts) return {};
  if (is_member() && checkpoint.version > std::max(newest_opened_, view->from_version)) {
    return throw_out(from.site, from.incarnation,
                     fmt::format("wrote a checkpoint of version {}, which it cannot have come to", checkpoint.version.value));
  }
  auto record = std::find_if(store_.checkpoints.begin(), store_.checkpoints.end(), [&](const CheckpointRecord& r) {
    return r.version == checkpoint.version && r.restart == checkpoint.restart;
  });
  if (record == store_.checkpoints.end()) {
    if (store_.checkpoints.size() >= kMostOpen) store_.checkpoints.erase(oldest_open(store_.checkpoints));
    store_.checkpoints.push_back({checkpoint.version, checkpoint.restart, {}});
    record = std::prev(store_.checkpoints.end());
    record->manifests.resize(settings_.site_names.size());
  }
  if (record->complete) {  // it did not hear of that, as when this site has come back since
    return {SendTo{{from.site}, wire::CheckpointComplete{record->version, record->restart}}};
  }
  record->manifests[from.site.value] = checkpoint.manifest;
  return look_for_complete();
}

// Also after the members have changed: whoever is gone writes nothing any more.
Actions Holder::look_for_complete() {
  Actions actions;
  for (CheckpointRecord& record : store_.checkpoints) {
    if (record.complete || record.restart != standing_.view()->restart) continue;
    bool all = true;
    bool any = false;
    for (std::uint16_t i = 0; i < record.manifests.size(); ++i) {
      // The part of a site that is gone may hold another way than the others went.
      if (!writes(SiteId{i}, record.version)) record.manifests[i].reset();
      any = any || record.manifests[i].has_value();
      all = all && (record.manifests[i].has_value() || !writes(SiteId{i}, record.version));
    }
    if (!all || !any) continue;
    append(actions, complete_record(record));
    break;  // the records have moved
  }
  return actions;
}

Actions Holder::complete_record(CheckpointRecord& record) {
  // Records of the last complete ones stay; everything older goes. What an earlier restart left at this version or
  // beyond is void: the run that is going on now has replaced it.
  record.complete = true;
  auto& all = store_.checkpoints;
  const CheckpointRecord newest = record;
  std::erase_if(all, [&](const CheckpointRecord& r) { return r.restart < newest.restart && r.version >= newest.version; });
  std::size_t kept = 0;
  for (auto it = all.rbegin(); it != all.rend(); ++it) kept += it->complete ? 1 : 0;
  for (auto it = all.begin(); it != all.end() && kept > kKept;) {
    kept -= it->complete ? 1 : 0;
    it = all.erase(it);
  }
  return {Persist{store_}, SendTo{standing_.sites(), wire::CheckpointComplete{newest.version, newest.restart}}};
}

}  // namespace intertie::members
