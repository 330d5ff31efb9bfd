#include "intertie/members/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"

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
  if (holds_store()) {
    if (const auto* ready = std::get_if<wire::Ready>(&message)) return take_ready(from, {incarnation, *ready});
    if (const auto* stop = std::get_if<wire::StopRequest>(&message)) return order_stop(stop->reason.text());
    if (const auto* accepted = std::get_if<wire::StopAccepted>(&message)) return take_stop_accepted(from, accepted->version);
    if (const auto* written = std::get_if<wire::CheckpointWritten>(&message))
      return record_checkpoint(from, written->checkpoint);
    if (const auto* report = std::get_if<wire::FlushReport>(&message)) return take_report(from, *report);
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
  }
  if (from != kHolder) return {};
  if (const auto* view = std::get_if<wire::View>(&message)) return enter(*view);
  if (const auto* flush = std::get_if<wire::FlushRequest>(&message)) return {ReportFor{flush->number}};
  if (const auto* donate = std::get_if<wire::Donate>(&message)) return {GiveState{donate->to}};
  if (const auto* done = std::get_if<wire::CheckpointComplete>(&message)) return complete(done->version, done->restart);
  if (const auto* order = std::get_if<wire::StopOrder>(&message)) {
    stop_ = *order;
    return {SendTo{{kHolder}, wire::StopAccepted{order->version}}, StopAt{order->version, order->reason.text()}};
  }
  return {};
}

// ---- views ----

Actions Member::enter(const wire::View& view) {
  if (view_ && view.number <= view_->number) return {};
  const bool survives = std::find(view.survivors.begin(), view.survivors.end(), settings_.self) != view.survivors.end();
  if (!is_in(view, settings_.self, settings_.incarnation) && !(leaves_ && survives)) return {Fenced{view}};
  Actions actions = fence(view);
  const bool first = !view_;
  view_ = view;
  makers_.emplace_back(view.from_version, sites_of_view());
  if (first && view.from_checkpoint) newest_opened_ = view.checkpoint.version;
  if (first) forget_void_checkpoints(view);
  actions.push_back(EnterView{view});
  // A holder that has come back did not hear of what is not complete.
  for (const wire::CheckpointOffer& written : own_checkpoints_) {
    const bool counts = !first && !holds_store() && written.restart == view.restart && written.version > complete_;
    if (counts) actions.push_back(SendTo{{kHolder}, wire::CheckpointWritten{written}});
  }
  if (view.stop_at.value > 0 && !stop_) {
    stop_ = wire::StopOrder{view.stop_at, view.reason};
    actions.push_back(StopAt{view.stop_at, view.reason.text()});
  }
  return actions;
}

// Of the view before, the starts that are not among the survivors.
Actions Member::fence(const wire::View& view) const {
  Actions actions;
  if (!view_) return actions;
  for (const wire::MemberRecord& member : view_->members) {
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
  return {SendTo{{kHolder}, wire::StopRequest{reason}}};
}

Actions Member::request_leave(const std::string& reason) {
  if (leaves_) return {};
  if (holds_store() || others().empty()) return request_stop(reason);
  leaves_ = true;
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
  for (const SiteId site : others()) stop_missing_.insert(site);
  Actions actions = {SendTo{others(), *stop_}, StopAt{version, reason}};
  if (stop_missing_.empty()) actions.push_back(StopAgreed{});
  return actions;
}

Actions Member::take_stop_accepted(SiteId from, Version version) {
  if (!stop_ || stop_->version != version || stop_missing_.erase(from) == 0 || !stop_missing_.empty()) return {};
  return {StopAgreed{}};
}

bool Member::may_open(Version version) const { return !stop_ || version < stop_->version || stop_missing_.empty(); }

}  // namespace intertie::members
