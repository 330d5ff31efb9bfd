// The members change while the run goes on: who has to go, who comes, and the flush before every new view (docs/protocol.md
// rules 14 to 17).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/expulsion.h"
#include "intertie/members/holder.h"

namespace intertie::members {

// ---- who has to go ----

void Holder::look_for_the_gone() {
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : standing_.with_say()) {
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
Actions Holder::fence_strangers() const {
  Actions actions;
  const auto concerns = [this](SiteId site, Incarnation incarnation) {
    const auto joiner = joiners_.find(site);
    if (joiner != joiners_.end() && joiner->second.incarnation == incarnation) return true;
    const std::vector<wire::MemberRecord> members = standing_.view() ? standing_.with_say() : store_.members;
    return std::find(members.begin(), members.end(), wire::MemberRecord{site, incarnation}) != members.end();
  };
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    const SiteId site{i};
    const Incarnation incarnation = settings_.surroundings.incarnation(site);
    const bool believes =
        site != settings_.self && settings_.surroundings.reaches(site) && settings_.surroundings.view_of(site) > ViewNumber{};
    if (!believes || concerns(site, incarnation)) continue;
    actions.push_back(Fence{{site, incarnation}, store_.view, fmt::format("no member of view {}", store_.view.value)});
  }
  return actions;
}

Actions Holder::departed(SiteId site, Incarnation incarnation, const std::string& reason) {
  if (!standing_.has_say(site, incarnation)) return {};
  // One that leaves has done its part as far as it could: what the others still lack of it they find out together.
  const bool left = standing_.departs(site);
  gone_[site] = left ? fmt::format("{} has left", name(site)) : fmt::format("{} ended: {}", name(site), reason);
  return change();
}

Actions Holder::throw_out(SiteId site, Incarnation incarnation, const std::string& reason) {
  if (site == kHolder || !standing_.has_say(site, incarnation)) return {};
  gone_[site] = fmt::format("{} {}", name(site), reason);
  return change();
}

// ---- who comes ----

Actions Holder::admit(SiteId from, const Entrant& entrant) {
  ready_[from] = entrant;  // where this holder has to wait for the members again
  if (recovering_since_) return {};
  if (standing_.is_member(from, entrant.incarnation)) return {};
  joiners_[from] = Joiner{entrant.incarnation, std::nullopt, false};
  return assign_donors();
}

// The member after the site that comes gives it the state, so that not everybody asks the same one.
Actions Holder::assign_donors() {
  Actions actions;
  const std::vector<SiteId> members = standing_.sites();
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
    actions.push_back(SendTo{{*donor}, wire::Donate{{site, joiner.incarnation}}});
  }
  return actions;
}

bool Holder::can_enter(SiteId site, const Joiner& joiner) const {
  const bool there = joiner.caught_up && settings_.surroundings.reaches(site) &&
                     settings_.surroundings.incarnation(site) == joiner.incarnation;
  if (!there) return false;
  // It would not have to go again at once, nor somebody else because of it.
  std::set<SiteId> with_it = {site, kHolder};
  for (const SiteId member : standing_.sites()) {
    if (!gone_.contains(member) && !leaving_.contains(member)) with_it.insert(member);
  }
  const auto direct = [this, site](SiteId a, SiteId b) {
    const Surroundings& known = settings_.surroundings;
    return a == site || b == site ? known.heard(a, b) : known.direct(a, b);
  };
  return expulsion({with_it.begin(), with_it.end()}, kHolder, direct).empty();
}

// ---- the flush ----

Actions Holder::change() {
  if (!standing_.view()) return {};
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

Actions Holder::start_flush() {
  Flush flush;
  for (const wire::MemberRecord& member : standing_.with_say()) {
    if (!gone_.contains(member.site)) flush.missing.insert(member.site);
  }
  if (flush.missing.empty()) {
    if (!is_member()) return wait_for_the_members_again();
    return fail(ErrorCode::retry, "phase members", "no member of the run is left that could go on",
                "start all sites again with --resume");
  }
  proposed_ = proposed_.next();
  flush.number = proposed_;
  const std::set<SiteId> missing = flush.missing;
  flush_ = std::move(flush);
  return {SendTo{{missing.begin(), missing.end()}, wire::FlushRequest{proposed_}}};
}

// What an honest site can hold: sizes that fit together, and sites of the run.
bool Holder::makes_sense(const wire::FlushReport& report) const {
  const auto are_sites = [this](const std::vector<wire::MemberRecord>& records) {
    return !records.empty() && std::all_of(records.begin(), records.end(), [this](const wire::MemberRecord& record) {
      return record.site.value < settings_.site_names.size();
    });
  };
  const bool from_a_site = !report.fed || report.donor.value < settings_.site_names.size();
  const bool possible = !is_member() || report.applied <= std::max(newest_opened_, standing_.view()->from_version).next();
  return possible && from_a_site && std::all_of(report.merges.begin(), report.merges.end(), [&](const wire::OpenMerge& open) {
           return open.num_chunks > 0 && open.num_chunks <= wire::kMaxList && are_sites(open.members) && are_sites(open.set) &&
                  open.contributions.size() == open.members.size();
         });
}

Actions Holder::take_report(SiteId from, wire::FlushReport report) {
  if (flush_ && report.number == flush_->number && !makes_sense(report)) {
    return throw_out(from, settings_.surroundings.incarnation(from), "reports what no site can hold");
  }
  if (!flush_ || report.number != flush_->number || flush_->missing.erase(from) == 0) return {};
  flush_->reports[from] = std::move(report);
  return flush_->missing.empty() ? finish_flush() : Actions{};
}

std::vector<wire::MemberRecord> Holder::next_members(const FlushOutcome& outcome) const {
  std::vector<wire::MemberRecord> members;
  const auto stays = [&](SiteId site) {
    return std::find(outcome.survivors.begin(), outcome.survivors.end(), site) != outcome.survivors.end();
  };
  for (const wire::MemberRecord& member : standing_.view()->members) {
    if (stays(member.site) && !leaving_.contains(member.site)) members.push_back(member);
  }
  for (const auto& [site, joiner] : joiners_) {
    if (can_enter(site, joiner)) members.push_back({site, joiner.incarnation});
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.site < b.site; });
  return members;
}

std::string Holder::reason_of_change(const FlushOutcome& outcome) const {
  std::vector<std::string> reasons;
  for (const auto& [site, reason] : gone_) reasons.push_back(reason);
  for (const auto& [site, reason] : leaving_) reasons.push_back(fmt::format("{} leaves: {}", name(site), reason));
  for (const SiteId site : outcome.left_behind) reasons.push_back(fmt::format("{} is too far behind", name(site)));
  for (const auto& [site, joiner] : joiners_) {
    if (can_enter(site, joiner)) reasons.push_back(fmt::format("{} has come", name(site)));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

// What the reports say comes next.
wire::View Holder::next_view(const Flush& flush, const FlushOutcome& outcome) {
  wire::View view{.number = flush.number,
                  .restart = standing_.view()->restart,
                  .members = next_members(outcome),
                  .survivors = outcome.survivors,
                  .from_version = outcome.from_version,
                  .orders = outcome.orders,
                  .stop_at = {},
                  .reason = reason_of_change(outcome),
                  .starts = false,
                  .from_checkpoint = false,
                  .checkpoint = {},
                  .schedule = {}};
  if (view.members.empty()) {  // the last ones leave: that is a stop
    view.reason = "all that were left leave";
    for (const SiteId site : outcome.survivors) view.members.push_back({site, settings_.surroundings.incarnation(site)});
    if (!stop_) store_.stop = stop_ = wire::StopOrder{outcome.from_version, view.reason};
  }
  if (stop_) view.stop_at = stop_->version;
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : view.members) members.push_back(member.site);
  view.schedule = settings_.schedule(members);
  return view;
}

Actions Holder::finish_flush() {
  const Flush flush = *std::exchange(flush_, std::nullopt);
  std::map<SiteId, Incarnation> starts;
  for (const auto& [site, report] : flush.reports) starts[site] = settings_.surroundings.incarnation(site);
  const FlushOutcome outcome = decide(flush.reports, starts);
  const wire::View view = next_view(flush, outcome);
  std::set<SiteId> concerned(outcome.survivors.begin(), outcome.survivors.end());
  concerned.insert(outcome.left_behind.begin(), outcome.left_behind.end());
  for (const wire::MemberRecord& member : view.members) concerned.insert(member.site);
  Actions actions = publish(view, {concerned.begin(), concerned.end()});
  gone_.clear();
  leaving_.clear();
  std::erase_if(joiners_, [&](const auto& each) { return is_in(view, each.first, each.second.incarnation); });
  std::erase_if(stop_missing_, [this](SiteId site) { return !standing_.has(site); });
  append(actions, look_for_complete());
  if (stop_ && stop_missing_.empty()) actions.push_back(StopAgreed{});
  append(actions, assign_donors());
  return actions;
}

}  // namespace intertie::members
