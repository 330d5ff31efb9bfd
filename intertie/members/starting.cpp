// How a run starts: the first view, and the checkpoint that it goes on from.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/holder.h"

namespace intertie::members {
namespace {

constexpr auto kWhere = "phase start";

}  // namespace

Actions Holder::take_ready(SiteId from, const Entrant& entrant) {
  if (standing_.view() || recovering_since_) return admit(from, entrant);
  ready_[from] = entrant;
  return all_ready() && !others_may_go_on() ? decide_view() : Actions{};
}

// Members of the last view who are not here: they may go on with the run, and just not have connected yet to a holder that came
// back. beat() gives them time for it.
bool Holder::others_may_go_on() const {
  return std::any_of(store_.members.begin(), store_.members.end(), [this](const wire::MemberRecord& member) {
    return member.site != settings_.self && !ready_.contains(member.site);
  });
}

// Who has to be there for a start: everybody; for a resume, those who made the checkpoint. Others come to the run later.
std::vector<SiteId> Holder::starting_members() const {
  const auto own = ready_.find(settings_.self);
  const bool resumes = own != ready_.end() && own->second.ready.resume;
  const CheckpointRecord* newest = resumes ? newest_complete() : nullptr;
  if (newest && newest->manifests.size() == settings_.site_names.size()) return newest->writers();
  std::vector<SiteId> all;
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) all.push_back(SiteId{i});
  return all;
}

bool Holder::all_ready() const {
  const std::vector<SiteId> needed = starting_members();
  const auto is_here = [this](SiteId site) {
    const auto entrant = ready_.find(site);
    return entrant != ready_.end() && settings_.surroundings.reaches(site) &&
           settings_.surroundings.incarnation(site) == entrant->second.incarnation;
  };
  return is_here(settings_.self) && std::all_of(needed.begin(), needed.end(), is_here);
}

const CheckpointRecord* Holder::newest_complete() const {
  const auto found = std::find_if(store_.checkpoints.rbegin(), store_.checkpoints.rend(),
                                  [](const CheckpointRecord& record) { return record.complete; });
  return found == store_.checkpoints.rend() ? nullptr : &*found;
}

// How the sites that are ready do not fit together; empty: they do.
Actions Holder::look_for_misfits() const {
  const wire::Ready& ours = ready_.at(settings_.self).ready;
  for (const auto& [site, entrant] : ready_) {
    if (entrant.ready.layout != ours.layout) {
      return fail(ErrorCode::reconfigure, kWhere, fmt::format("site {} built a different model", name(site)),
                  "use the same version at all sites");
    }
    if (entrant.ready.resume != ours.resume) {
      return fail(
          ErrorCode::reconfigure, kWhere,
          fmt::format("site {} was started {} --resume, site {} {}", name(site), entrant.ready.resume ? "with" : "without",
                      name(settings_.self), ours.resume ? "with" : "without"),
          "start all sites alike");
    }
  }
  return {};
}

// The view that the run begins with, but for its members; errors: there is no checkpoint that it could go on from.
Result<wire::View> Holder::first_view() {
  wire::View view{.number = proposed_.next(),
                  .restart = {},
                  .members = {},
                  .survivors = starting_members(),
                  .from_version = Version{1},
                  .orders = {},
                  .stop_at = {},
                  .reason = "the run begins",
                  .starts = true,
                  .from_checkpoint = false,
                  .checkpoint = {},
                  .schedule = {}};
  if (!ready_.at(settings_.self).ready.resume) {
    store_.checkpoints.clear();  // of an earlier start, whose folders somebody has removed
    return view;
  }
  INTERTIE_ASSIGN(const std::optional<CheckpointRecord> chosen, choose_checkpoint());
  view.restart = store_.restart.next();
  if (!chosen) return view;
  view.from_checkpoint = true;
  view.checkpoint = {chosen->version, chosen->restart, {}};
  view.survivors = chosen->writers();
  view.from_version = view.checkpoint.version.next();
  view.reason = fmt::format("the run goes on from version {}", view.checkpoint.version.value);
  return view;
}

Actions Holder::decide_view() {
  if (Actions misfits = look_for_misfits(); !misfits.empty()) return misfits;
  Result<wire::View> first = first_view();
  if (!first) return {Fail{first.error()}};
  wire::View& view = *first;
  proposed_ = view.number;
  for (const SiteId site : view.survivors) view.members.push_back({site, ready_.at(site).incarnation});
  view.schedule = settings_.schedule(view.survivors);
  store_.stop.reset();  // of the run before it
  stop_.reset();
  stop_missing_.clear();
  if (view.from_checkpoint) newest_opened_ = view.checkpoint.version;
  Actions actions = publish(view, view.survivors);
  for (const auto& [site, entrant] : std::exchange(ready_, {})) {
    if (!is_in(view, site, entrant.incarnation)) append(actions, admit(site, entrant));
  }
  return actions;
}

std::string Holder::why_not(const CheckpointRecord& record) const {
  if (record.manifests.size() != settings_.site_names.size()) {
    return fmt::format("version {} is of a run with {} sites, the run file has {}", record.version.value,
                       record.manifests.size(), settings_.site_names.size());
  }
  for (const SiteId site : record.writers()) {
    const wire::CheckpointOffer wanted{record.version, record.restart, *record.manifests[site.value]};
    const auto entrant = ready_.find(site);
    const bool has = entrant != ready_.end() &&
                     std::find(entrant->second.ready.checkpoints.begin(), entrant->second.ready.checkpoints.end(), wanted) !=
                         entrant->second.ready.checkpoints.end();
    if (!has) return fmt::format("site {} does not have its part of version {}", name(site), record.version.value);
  }
  return {};
}

// The newest complete checkpoint that every member has; nullopt if the run had not come to its first one. Complete ones that
// exist but cannot be used are an error: to go on from nothing would throw work away.
Result<std::optional<CheckpointRecord>> Holder::choose_checkpoint() const {
  std::string reasons;
  for (auto record = store_.checkpoints.rbegin(); record != store_.checkpoints.rend(); ++record) {
    if (!record->complete) continue;
    const std::string reason = why_not(*record);
    if (reason.empty()) return std::optional(*record);
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  const bool any_offer =
      std::any_of(ready_.begin(), ready_.end(), [](const auto& entry) { return !entry.second.ready.checkpoints.empty(); });
  if (store_is_new_ && any_offer) reasons = "the record of complete ones (store.json) is gone";
  if (reasons.empty()) return std::optional<CheckpointRecord>();
  return Error{.code = ErrorCode::reconfigure,
               .where = "phase start",
               .what = "no complete checkpoint can be resumed: " + reasons,
               .fix = fmt::format("bring back what is missing (store.json is in the folder of site {}), or start the run anew "
                                  "with --fresh at all sites",
                                  name(kHolder)),
               .cause = {}};
}

}  // namespace intertie::members
