#include "intertie/members/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/view_check.h"

namespace intertie::members {

Member::Member(Settings settings) : settings_(std::move(settings)) {
  if (settings_.store) {
    store_ = *settings_.store;
    store_is_new_ = false;
  }
  store_.run = settings_.run;
  store_.incarnation = store_.incarnation.next();
  proposed_ = store_.view;
}

Actions Member::fail(ErrorCode code, std::string what, std::string fix) const {
  return {Fail{{.code = code, .where = "phase start", .what = std::move(what), .fix = std::move(fix), .cause = {}}}};
}

bool Member::is_in(const wire::View& view, SiteId site, Incarnation incarnation) {
  return std::find(view.members.begin(), view.members.end(), wire::MemberRecord{site, incarnation}) != view.members.end();
}

bool Member::has(SiteId site) const {
  const std::vector<SiteId> sites = sites_of_view();
  return std::find(sites.begin(), sites.end(), site) != sites.end();
}

std::vector<SiteId> Member::others() const {
  std::vector<SiteId> sites = sites_of_view();
  std::erase(sites, settings_.self);
  return sites;
}

std::vector<SiteId> Member::sites_of_view() const {
  std::vector<SiteId> sites;
  if (!view_) return sites;
  for (const wire::MemberRecord& member : view_->members) sites.push_back(member.site);
  return sites;
}

Actions Member::ready(const wire::Ready& ready) {
  own_checkpoints_ = ready.checkpoints;
  std::sort(own_checkpoints_.begin(), own_checkpoints_.end());
  if (holds_store()) return take_ready(settings_.self, {settings_.incarnation, ready});
  return {SendTo{{kHolder}, ready}};
}

Actions Member::receive(SiteId from, Incarnation incarnation, const wire::Message& message) {
  if (holds_store()) return take_at_holder(from, incarnation, message);
  if (from != kHolder) return {};
  if (const auto* view = std::get_if<wire::View>(&message)) return take_view(*view);
  if (!view_) return {};  // meant for the start before this one
  if (const auto* flush = std::get_if<wire::FlushRequest>(&message)) return {ReportFor{flush->number}};
  if (const auto* donate = std::get_if<wire::Donate>(&message)) {
    const bool known = donate->to.site.value < settings_.site_names.size() && donate->to.site != settings_.self;
    return known ? Actions{GiveState{donate->to}} : Actions{};
  }
  if (const auto* done = std::get_if<wire::CheckpointComplete>(&message)) return complete(done->version, done->restart);
  if (const auto* order = std::get_if<wire::StopOrder>(&message)) {
    stop_ = *order;
    return {SendTo{{kHolder}, wire::StopAccepted{order->version}}, StopAt{order->version, order->reason.text()}};
  }
  return {};
}

Actions Member::take_at_holder(SiteId from, Incarnation incarnation, const wire::Message& message) {
  if (const auto* ready = std::get_if<wire::Ready>(&message)) return take_ready(from, {incarnation, *ready});
  if (const auto* stop = std::get_if<wire::StopRequest>(&message)) return order_stop(stop->reason.text());
  if (const auto* accepted = std::get_if<wire::StopAccepted>(&message)) return take_stop_accepted(from, accepted->version);
  if (const auto* written = std::get_if<wire::CheckpointWritten>(&message)) return record_checkpoint(from, written->checkpoint);
  if (const auto* report = std::get_if<wire::FlushReport>(&message)) {
    return has_a_say(from, incarnation) ? take_report(from, *report) : Actions{};
  }
  if (const auto* complaint = std::get_if<wire::Complaint>(&message)) {
    // Of members only, and not about the holder: whoever cannot go on with it ends by itself.
    if (!view_ || !is_in(*view_, from, incarnation) || complaint->about.site == kHolder) return {};
    if (complaint->about.site.value >= settings_.site_names.size()) return {};
    return complain(complaint->about.site, complaint->about.incarnation, complaint->reason.text());
  }
  if (const auto* leave = std::get_if<wire::LeaveRequest>(&message)) {
    if (!view_ || !is_in(*view_, from, incarnation)) return {};
    leaving_[from] = leave->reason.text();
    return change();
  }
  if (std::holds_alternative<wire::CaughtUp>(message)) {
    const auto joiner = joiners_.find(from);
    if (joiner == joiners_.end() || joiner->second.incarnation != incarnation) return {};
    joiner->second.caught_up = true;
    return change();
  }
  return {};
}

// ---- views ----

// What another site decides is checked before it is believed: nothing in it may point where nothing is.
Actions Member::take_view(const wire::View& view) {
  const bool begins_anew =
      view_ && is_in(view, settings_.self, settings_.incarnation) && (view.starts || view.restart != view_->restart);
  std::string problem = problem_of(view, settings_.site_names.size());
  if (begins_anew) problem = "begins a run that goes on already";
  if (problem.empty()) return enter(view);
  return {Fail{{.code = ErrorCode::give_up,
                .where = "site " + name(kHolder),
                .what = fmt::format("sent view {}, which makes no sense: it {}", view.number.value, problem),
                .fix = "compare `intertie version` at both sites",
                .cause = {}}}};
}

Actions Member::enter(const wire::View& view) {
  if (view_ && view.number <= view_->number) return {};
  const bool survives = std::find(view.survivors.begin(), view.survivors.end(), settings_.self) != view.survivors.end();
  if (!is_in(view, settings_.self, settings_.incarnation) && !(leaves_ && survives)) {
    return view_ ? Actions{Fenced{view}} : Actions{};  // of a site that comes: it names the start before this one
  }
  Actions actions = fence(view);
  const bool first = !view_;
  replace_view(view);
  if (first && view.from_checkpoint) newest_opened_ = view.checkpoint.version;
  if (first) forget_void_checkpoints(view);
  actions.push_back(EnterView{view});
  // A holder that has come back did not hear of what is not complete.
  for (const wire::CheckpointOffer& written : own_checkpoints_) {
    const bool counts = !first && !holds_store() && written.restart == view.restart && written.version > complete_;
    if (counts) actions.push_back(SendTo{{kHolder}, wire::CheckpointWritten{written}});
  }
  if (view.stop_at.value > 0 && (!stop_ || stop_->version != view.stop_at)) {
    stop_ = wire::StopOrder{view.stop_at, view.reason};
    actions.push_back(StopAt{view.stop_at, view.reason.text()});
  }
  append(actions, repeat_requests());
  return actions;
}

// A holder that has come back did not hear of them.
Actions Member::repeat_requests() const {
  Actions actions;
  if (holds_store() || !is_member()) return actions;
  if (leaves_ && !stop_) actions.push_back(SendTo{{kHolder}, wire::LeaveRequest{leave_reason_}});
  if (stop_wanted_ && !stop_) actions.push_back(SendTo{{kHolder}, wire::StopRequest{*stop_wanted_}});
  return actions;
}

// Those whose part in the merges counts: the members, and those who leave until they have done theirs.
std::vector<wire::MemberRecord> Member::with_a_say() const {
  std::vector<wire::MemberRecord> all;
  if (view_) all = view_->members;
  for (const auto& [site, incarnation] : departing_) all.push_back({site, incarnation});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.site < b.site; });
  return all;
}

bool Member::has_a_say(SiteId site, Incarnation incarnation) const {
  const std::vector<wire::MemberRecord> all = with_a_say();
  return std::find(all.begin(), all.end(), wire::MemberRecord{site, incarnation}) != all.end();
}

void Member::replace_view(const wire::View& view) {
  std::map<SiteId, Incarnation> departing;
  for (const wire::MemberRecord& member : with_a_say()) {
    const bool survives = std::find(view.survivors.begin(), view.survivors.end(), member.site) != view.survivors.end();
    if (survives && !is_in(view, member.site, member.incarnation)) departing[member.site] = member.incarnation;
  }
  departing_ = std::move(departing);
  view_ = view;
  makers_.emplace_back(view.from_version, sites_of_view());
}

// Of those who had a say, the starts that are not among the survivors.
Actions Member::fence(const wire::View& view) const {
  Actions actions;
  for (const wire::MemberRecord& member : with_a_say()) {
    const bool stays = std::find(view.survivors.begin(), view.survivors.end(), member.site) != view.survivors.end();
    if (stays || member.site == settings_.self) continue;
    const std::string reason = fmt::format("no member any more since view {}: {}", view.number.value, view.reason.text());
    actions.push_back(Fence{member, reason});
  }
  return actions;
}

// What was written after the point from which the run goes on here.
void Member::forget_void_checkpoints(const wire::View& view) {
  const auto chosen = std::pair(view.checkpoint.version, view.checkpoint.restart);
  std::erase_if(own_checkpoints_, [&](const wire::CheckpointOffer& offer) {
    if (!view.starts) return offer.version >= view.from_version;
    return !view.from_checkpoint || std::pair(offer.version, offer.restart) > chosen;
  });
}

std::string Member::waits_for() const {
  if (!holds_store()) return fmt::format("site {}, which decides on it, has not sent it", name(kHolder));
  std::string names;
  for (const SiteId site : starting_members()) {
    if (!ready_.contains(site)) names += (names.empty() ? "" : ", ") + name(site);
  }
  return "not ready yet: " + names;
}

// ---- stopping ----

Actions Member::request_stop(const std::string& reason) {
  if (holds_store()) return order_stop(reason);
  stop_wanted_ = reason;
  return {SendTo{{kHolder}, wire::StopRequest{reason}}};
}

Actions Member::request_leave(const std::string& reason) {
  if (leaves_) return {};
  if (holds_store() || others().empty()) return request_stop(reason);
  leaves_ = true;
  leave_reason_ = reason;
  return {SendTo{{kHolder}, wire::LeaveRequest{reason}}};
}

// Names the first version that this site has not offered to: without its contribution nobody can have applied it.
Actions Member::order_stop(const std::string& reason) {
  if (!view_ || stop_ || ended_) return {};
  if (!is_member()) {
    stop_wanted_ = reason;
    return {};
  }
  const Version version = std::max(newest_opened_.next(), view_->from_version);
  stop_ = wire::StopOrder{version, reason};
  store_.stop = stop_;
  for (const SiteId site : others()) stop_missing_.insert(site);
  Actions actions = {Persist{store_}, SendTo{others(), *stop_}, StopAt{version, reason}};
  if (stop_missing_.empty()) actions.push_back(StopAgreed{});
  return actions;
}

Actions Member::take_stop_accepted(SiteId from, Version version) {
  if (!stop_ || stop_->version != version || stop_missing_.erase(from) == 0 || !stop_missing_.empty()) return {};
  return {StopAgreed{}};
}

bool Member::may_open(Version version) const { return !stop_ || version < stop_->version || stop_missing_.empty(); }

}  // namespace intertie::members
