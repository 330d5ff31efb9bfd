// The members change while the run goes on: who has to go, who comes, and the flush before every new view (docs/protocol.md
// rules 14 to 18). All of it at the store's holder.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/expulsion.h"

namespace intertie::members {

Actions Member::beat(env::TimePoint now) {
  if (!holds_store()) return {};
  if (!view_) {
    if (!first_beat_) first_beat_ = now;
    Actions actions = recover(now);
    const bool nobody_came = !view_ && !recovering_since_ && now - *first_beat_ > 2 * settings_.silence;
    if (nobody_came && all_ready()) append(actions, decide_view());
    return actions;
  }
  look_for_the_gone();
  Actions actions = fence_strangers();
  append(actions, assign_donors());
  append(actions, change());
  return actions;
}

// ---- who has to go ----

void Member::look_for_the_gone() {
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : with_a_say()) {
    if (gone_.contains(member.site)) continue;
    if (settings_.surroundings.incarnation(member.site) > member.incarnation) {
      gone_[member.site] = fmt::format("{} came back as a new start", name(member.site));
    } else {
      members.push_back(member.site);
    }
  }
  if (std::find(members.begin(), members.end(), kHolder) == members.end()) members.insert(members.begin(), kHolder);
  for (const SiteId site : expulsion(members, kHolder, settings_.surroundings.direct)) {
    gone_[site] = fmt::format("nothing was heard of {}", name(site));
  }
}

// A site that takes itself for a member, of a view that it did not see the end of.
Actions Member::fence_strangers() const {
  Actions actions;
  const auto concerns = [this](SiteId site, Incarnation incarnation) {
    const auto joiner = joiners_.find(site);
    if (joiner != joiners_.end() && joiner->second.incarnation == incarnation) return true;
    const std::vector<wire::MemberRecord> members = view_ ? with_a_say() : store_.members;
    return std::find(members.begin(), members.end(), wire::MemberRecord{site, incarnation}) != members.end();
  };
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    const SiteId site{i};
    const Incarnation incarnation = settings_.surroundings.incarnation(site);
    const bool believes =
        site != settings_.self && settings_.surroundings.reaches(site) && settings_.surroundings.view_of(site) > ViewNumber{};
    if (!believes || concerns(site, incarnation)) continue;
    actions.push_back(Fence{{site, incarnation}, fmt::format("no member of view {}", store_.view.value)});
  }
  return actions;
}

Actions Member::departed(SiteId site, Incarnation incarnation, const std::string& reason) {
  if (!holds_store() || !has_a_say(site, incarnation)) return {};
  // One that leaves has done its part as far as it could: what the others still lack of it they find out together.
  const bool left = departing_.contains(site);
  gone_[site] = left ? fmt::format("{} has left", name(site)) : fmt::format("{} ended: {}", name(site), reason);
  return change();
}

Actions Member::complain(SiteId about, Incarnation incarnation, const std::string& reason) {
  if (about == kHolder || !view_) {
    return {Fail{{.code = ErrorCode::give_up,
                  .where = "site " + name(about),
                  .what = reason,
                  .fix = "compare `intertie version` at all sites",
                  .cause = {}}}};
  }
  if (!holds_store()) return {SendTo{{kHolder}, wire::Complaint{{about, incarnation}, reason}}};
  if (!has_a_say(about, incarnation)) return {};
  gone_[about] = fmt::format("{} {}", name(about), reason);
  return change();
}

// ---- who comes ----

Actions Member::admit(SiteId from, const Entrant& entrant) {
  if (recovering_since_) {
    ready_[from] = entrant;
    return {};
  }
  if (is_in(*view_, from, entrant.incarnation)) return {};
  joiners_[from] = Joiner{entrant.incarnation, std::nullopt, false};
  return assign_donors();
}

// The member after the site that comes gives it the state, so that not everybody asks the same one.
Actions Member::assign_donors() {
  Actions actions;
  const std::vector<SiteId> members = sites_of_view();
  for (auto& [comes, joiner] : joiners_) {
    const SiteId site = comes;
    if (settings_.surroundings.incarnation(site) != joiner.incarnation) continue;
    const auto serves = [&](SiteId donor) {
      return donor != site && !gone_.contains(donor) && std::find(members.begin(), members.end(), donor) != members.end();
    };
    if ((joiner.donor && serves(*joiner.donor)) || joiner.caught_up) continue;
    std::vector<SiteId> candidates = members;
    std::rotate(candidates.begin(), std::upper_bound(candidates.begin(), candidates.end(), site), candidates.end());
    const auto donor = std::find_if(candidates.begin(), candidates.end(), serves);
    if (donor == candidates.end()) continue;
    joiner.donor = *donor;
    const wire::MemberRecord to{site, joiner.incarnation};
    if (*donor == settings_.self) {
      actions.push_back(GiveState{to});
    } else {
      actions.push_back(SendTo{{*donor}, wire::Donate{to}});
    }
  }
  return actions;
}

bool Member::can_enter(SiteId site, const Joiner& joiner) const {
  return joiner.caught_up && settings_.surroundings.reaches(site) &&
         settings_.surroundings.incarnation(site) == joiner.incarnation;
}

Actions Member::caught_up(Version version) {
  if (!holds_store()) return {SendTo{{kHolder}, wire::CaughtUp{version}}};
  const auto joiner = joiners_.find(settings_.self);
  if (joiner == joiners_.end()) return {};
  joiner->second.caught_up = true;
  return change();
}

// ---- the flush ----

Actions Member::change() {
  if (!view_) return {};
  look_for_the_gone();
  if (flush_) {
    const bool lost =
        std::any_of(flush_->missing.begin(), flush_->missing.end(), [this](SiteId site) { return gone_.contains(site); });
    const bool reported = std::any_of(flush_->reports.begin(), flush_->reports.end(),
                                      [this](const auto& report) { return gone_.contains(report.first); });
    return lost || reported ? start_flush() : Actions{};
  }
  const bool comes =
      std::any_of(joiners_.begin(), joiners_.end(), [this](const auto& each) { return can_enter(each.first, each.second); });
  return gone_.empty() && leaving_.empty() && !comes ? Actions{} : start_flush();
}

Actions Member::start_flush() {
  Flush flush;
  for (const wire::MemberRecord& member : with_a_say()) {
    if (!gone_.contains(member.site)) flush.missing.insert(member.site);
  }
  if (flush.missing.empty()) {
    return {Fail{{.code = ErrorCode::retry,
                  .where = "phase members",
                  .what = "no member of the run is left that could go on",
                  .fix = "start all sites again with --resume",
                  .cause = {}}}};
  }
  proposed_ = proposed_.next();
  flush.number = proposed_;
  const std::set<SiteId> missing = flush.missing;
  flush_ = std::move(flush);
  Actions actions;
  for (const SiteId site : missing) {
    if (site == settings_.self) {
      actions.push_back(ReportFor{proposed_});
    } else {
      actions.push_back(SendTo{{site}, wire::FlushRequest{proposed_}});
    }
  }
  return actions;
}

Actions Member::report(wire::FlushReport report) {
  if (holds_store()) return take_report(settings_.self, std::move(report));
  return {SendTo{{kHolder}, std::move(report)}};
}

// What an honest site can hold: sizes that fit together, and sites of the run.
bool Member::makes_sense(const wire::FlushReport& report) const {
  const auto are_sites = [this](const std::vector<wire::MemberRecord>& records) {
    return !records.empty() && std::all_of(records.begin(), records.end(), [this](const wire::MemberRecord& record) {
      return record.site.value < settings_.site_names.size();
    });
  };
  const bool from_a_site = !report.fed || report.donor.value < settings_.site_names.size();
  const bool possible = !is_member() || report.applied <= std::max(newest_opened_, view_->from_version).next();
  return possible && from_a_site && std::all_of(report.merges.begin(), report.merges.end(), [&](const wire::OpenMerge& open) {
           return open.num_chunks > 0 && open.num_chunks <= wire::kMaxList && are_sites(open.members) && are_sites(open.set) &&
                  open.contributions.size() == open.members.size();
         });
}

Actions Member::take_report(SiteId from, wire::FlushReport report) {
  if (flush_ && report.number == flush_->number && !makes_sense(report)) {
    return complain(from, settings_.surroundings.incarnation(from), "reports what no site can hold");
  }
  if (!flush_ || report.number != flush_->number || flush_->missing.erase(from) == 0) return {};
  flush_->reports[from] = std::move(report);
  return flush_->missing.empty() ? finish_flush() : Actions{};
}

std::vector<wire::MemberRecord> Member::next_members(const FlushOutcome& outcome) const {
  std::vector<wire::MemberRecord> members;
  const auto survives = [&](SiteId site) {
    return std::find(outcome.survivors.begin(), outcome.survivors.end(), site) != outcome.survivors.end();
  };
  for (const wire::MemberRecord& member : view_->members) {
    if (survives(member.site) && !leaving_.contains(member.site)) members.push_back(member);
  }
  for (const auto& [site, joiner] : joiners_) {
    if (can_enter(site, joiner)) members.push_back({site, joiner.incarnation});
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.site < b.site; });
  return members;
}

std::string Member::reason_of_change(const FlushOutcome& outcome) const {
  std::vector<std::string> reasons;
  for (const auto& [site, reason] : gone_) reasons.push_back(reason);
  for (const auto& [site, reason] : leaving_) reasons.push_back(fmt::format("{} leaves: {}", name(site), reason));
  for (const SiteId site : outcome.left_behind) reasons.push_back(fmt::format("{} is too far behind", name(site)));
  for (const auto& [site, joiner] : joiners_) {
    if (can_enter(site, joiner)) reasons.push_back(fmt::format("{} has come", name(site)));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

Actions Member::finish_flush() {
  const Flush flush = *std::exchange(flush_, std::nullopt);
  const FlushOutcome outcome = decide(flush.reports);
  wire::View view{.number = flush.number,
                  .restart = view_->restart,
                  .members = next_members(outcome),
                  .survivors = outcome.survivors,
                  .from_version = outcome.from_version,
                  .orders = outcome.orders,
                  .stop_at = stop_ ? stop_->version : Version{},
                  .reason = reason_of_change(outcome),
                  .starts = false,
                  .from_checkpoint = false,
                  .checkpoint = {},
                  .schedule = {}};
  if (view.members.empty()) {  // the last ones leave: that is a stop
    view.reason = "all that were left leave";
    for (const SiteId site : outcome.survivors) view.members.push_back({site, settings_.surroundings.incarnation(site)});
    if (!stop_) store_.stop = stop_ = wire::StopOrder{outcome.from_version, view.reason};
    view.stop_at = stop_->version;
  }
  std::set<SiteId> concerned(outcome.survivors.begin(), outcome.survivors.end());
  concerned.insert(outcome.left_behind.begin(), outcome.left_behind.end());
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : view.members) members.push_back(member.site);
  concerned.insert(members.begin(), members.end());
  concerned.erase(settings_.self);
  view.schedule = settings_.schedule(members);
  store_.view = view.number;
  store_.restart = view.restart;
  store_.members = view.members;
  Actions actions = {Persist{store_}, SendTo{{concerned.begin(), concerned.end()}, view}};
  gone_.clear();
  leaving_.clear();
  std::erase_if(joiners_, [&](const auto& each) { return is_in(view, each.first, each.second.incarnation); });
  append(actions, adopt(view));
  append(actions, after_change());
  return actions;
}

// A holder that has come back decides for the others before it is a member itself.
Actions Member::adopt(const wire::View& view) {
  const bool survives = std::find(view.survivors.begin(), view.survivors.end(), settings_.self) != view.survivors.end();
  if (survives || is_in(view, settings_.self, settings_.incarnation)) return enter(view);
  Actions actions = fence(view);
  replace_view(view);
  return actions;
}

Actions Member::after_change() {
  const std::vector<SiteId> now = sites_of_view();
  std::erase_if(stop_missing_, [&](SiteId site) { return std::find(now.begin(), now.end(), site) == now.end(); });
  Actions actions = look_for_complete();
  if (stop_ && stop_missing_.empty()) actions.push_back(StopAgreed{});
  if (stop_wanted_ && is_member()) append(actions, order_stop(*std::exchange(stop_wanted_, std::nullopt)));
  append(actions, assign_donors());
  return actions;
}

// The members report their last checkpoints to it.
bool Member::is_needed(const std::set<SiteId>& left) const {
  if (!holds_store()) return false;
  const std::vector<SiteId> sites = others();
  return std::any_of(sites.begin(), sites.end(),
                     [&](SiteId site) { return !left.contains(site) && settings_.surroundings.reaches(site); });
}

// ---- a holder that comes back to a run that goes on ----

// The store's record says who the members were; those who still are have said so when they connected.
Actions Member::recover(env::TimePoint now) {
  const auto goes_on = [this](const wire::MemberRecord& member) {
    return member.site != settings_.self && settings_.surroundings.reaches(member.site) &&
           settings_.surroundings.incarnation(member.site) == member.incarnation &&
           settings_.surroundings.view_of(member.site) > ViewNumber{};
  };
  const bool any = std::any_of(store_.members.begin(), store_.members.end(), goes_on);
  // Whoever has not seen the newest view may have begun what those who have make with others.
  ViewNumber newest;
  for (const wire::MemberRecord& member : store_.members) {
    if (goes_on(member)) newest = std::max(newest, settings_.surroundings.view_of(member.site));
  }
  if (!any) return store_is_new_ ? Actions{} : fence_strangers();
  if (!recovering_since_) recovering_since_ = now;
  const auto expected = std::count_if(store_.members.begin(), store_.members.end(),
                                      [this](const wire::MemberRecord& member) { return member.site != settings_.self; });
  const auto here = std::count_if(store_.members.begin(), store_.members.end(), [&](const wire::MemberRecord& member) {
    return goes_on(member) && settings_.surroundings.view_of(member.site) == newest;
  });
  if (here < expected && now - *recovering_since_ < settings_.silence) return {};
  for (const wire::MemberRecord& member : store_.members) {
    if (settings_.surroundings.view_of(member.site) > store_.view) {
      return fail(ErrorCode::reconfigure,
                  fmt::format("site {} is in view {}, the store (store.json) knows only {}", name(member.site),
                              settings_.surroundings.view_of(member.site).value, store_.view.value),
                  "bring back this site's folder as it was; it is an old copy");
    }
    if (!goes_on(member) || settings_.surroundings.view_of(member.site) < newest)
      gone_[member.site] = fmt::format("{} did not come back", name(member.site));
  }
  gone_[settings_.self] = fmt::format("{} came back as a new start", name(settings_.self));
  recovering_since_.reset();
  stop_ = store_.stop;
  wire::View last{.number = store_.view,
                  .restart = store_.restart,
                  .members = store_.members,
                  .survivors = {},
                  .from_version = {},
                  .orders = {},
                  .stop_at = {},
                  .reason = {},
                  .starts = false,
                  .from_checkpoint = false,
                  .checkpoint = {},
                  .schedule = {}};
  view_ = std::move(last);
  makers_.emplace_back(Version{}, sites_of_view());
  Actions actions;
  for (const auto& [site, entrant] : std::exchange(ready_, {})) append(actions, admit(site, entrant));
  append(actions, change());
  return actions;
}

}  // namespace intertie::members
