#include "intertie/members/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/view_check.h"

namespace intertie::members {

Member::Member(Settings settings) : settings_(std::move(settings)) {
  if (settings_.self == kHolder) holder_ = std::make_unique<Holder>(settings_);
}

// ---- between the members and the holder ----

Actions Member::tell_holder(const wire::Message& message) {
  if (!holder_) return {SendTo{{kHolder}, message}};
  return deliver(holder_->take(settings_.self, settings_.incarnation, message));
}

// What the holder at this site tells this site goes no way but this.
Actions Member::deliver(Actions decided) {
  Actions actions;
  for (Action& action : decided) {
    auto* send = std::get_if<SendTo>(&action);
    const bool to_this = send && std::erase(send->to, settings_.self) > 0;
    const std::optional<wire::Message> message = to_this ? std::optional(send->message) : std::nullopt;
    if (!send || !send->to.empty()) actions.push_back(std::move(action));
    if (message) append(actions, take(*message));
  }
  return actions;
}

Actions Member::receive(SiteId from, Incarnation incarnation, const wire::Message& message) {
  if (holder_) return deliver(holder_->take(from, incarnation, message));
  return from == kHolder ? take(message) : Actions{};
}

Actions Member::beat(env::TimePoint now) { return holder_ ? deliver(holder_->beat(now)) : Actions{}; }

Actions Member::departed(SiteId site, Incarnation incarnation, const std::string& reason) {
  return holder_ ? deliver(holder_->departed(site, incarnation, reason)) : Actions{};
}

Actions Member::complain(SiteId about, Incarnation incarnation, const std::string& reason) {
  if (about != kHolder && view()) return tell_holder(wire::Complaint{{about, incarnation}, reason});
  return fail(ErrorCode::give_up, "site " + name(about), reason, "compare `intertie version` at all sites");
}

Actions Member::ready(const wire::Ready& ready) {
  own_checkpoints_ = ready.checkpoints;
  std::sort(own_checkpoints_.begin(), own_checkpoints_.end());
  return tell_holder(ready);
}

std::string Member::waits_for() const {
  return holder_ ? holder_->waits_for() : fmt::format("site {}, which decides on it, has not sent it", name(kHolder));
}

void Member::opened(Version version) {
  if (holder_) holder_->opened(version);
}

void Member::ended() {
  if (holder_) holder_->ended();
}

// What the holder says.
Actions Member::take(const wire::Message& message) {
  if (const auto* view = std::get_if<wire::View>(&message)) return take_view(*view);
  if (!standing_.view()) return {};  // meant for the start before this one
  if (const auto* flush = std::get_if<wire::FlushRequest>(&message)) return {ReportFor{flush->number}};
  if (const auto* donate = std::get_if<wire::Donate>(&message)) {
    const bool known = donate->to.site.value < settings_.site_names.size() && donate->to.site != settings_.self;
    return known ? Actions{GiveState{donate->to}} : Actions{};
  }
  if (const auto* done = std::get_if<wire::CheckpointComplete>(&message)) return complete(done->version, done->restart);
  if (const auto* order = std::get_if<wire::StopOrder>(&message)) {
    stop_ = *order;
    Actions actions = {StopAt{order->version, order->reason.text()}};
    append(actions, tell_holder(wire::StopAccepted{order->version}));
    return actions;
  }
  return {};
}

// ---- views ----

// What another site decides is checked before it is believed: nothing in it may point where nothing is.
Actions Member::take_view(const wire::View& view) {
  const std::optional<wire::View>& last = standing_.view();
  const bool names_this = is_in(view, settings_.self, settings_.incarnation);
  std::string problem = problem_of(view, settings_.site_names.size());
  if (last && names_this && (view.starts || view.restart != last->restart)) problem = "begins a run that goes on already";
  if (problem.empty()) return enter(view);
  return fail(ErrorCode::give_up, "site " + name(kHolder),
              fmt::format("sent view {}, which makes no sense: it {}", view.number.value, problem),
              "compare `intertie version` at both sites");
}

Actions Member::enter(const wire::View& view) {
  const std::optional<wire::View>& last = standing_.view();
  if (last && view.number <= last->number) return {};
  if (!is_in(view, settings_.self, settings_.incarnation) && !(leaves() && survives(view, settings_.self))) {
    return last ? Actions{Fenced{view}} : Actions{};  // of a site that comes: it names the start before this one
  }
  Actions actions = fences(standing_, view, settings_.self);
  if (!last) forget_void_checkpoints(view);
  const bool first = !last;
  standing_.replace(view);
  actions.push_back(EnterView{view});
  if (view.stop_at.value > 0 && !stops_at(view.stop_at)) {
    stop_ = wire::StopOrder{view.stop_at, view.reason};
    actions.push_back(StopAt{view.stop_at, view.reason.text()});
  }
  if (!first) append(actions, repeat_what_it_may_not_know(view));
  return actions;
}

// A holder that has come back did not hear of what is not complete, nor of what was asked.
Actions Member::repeat_what_it_may_not_know(const wire::View& view) {
  Actions actions;
  if (!is_member()) return actions;
  for (const wire::CheckpointOffer& written : std::vector(own_checkpoints_)) {
    const bool counts = written.restart == view.restart && written.version > complete_;
    if (counts) append(actions, tell_holder(wire::CheckpointWritten{written}));
  }
  if (stop_) return actions;
  if (leaves()) append(actions, tell_holder(wire::LeaveRequest{*leave_reason_}));
  if (stop_wanted_) append(actions, tell_holder(wire::StopRequest{*stop_wanted_}));
  return actions;
}

// ---- stopping and leaving ----

Actions Member::request_stop(const std::string& reason) {
  stop_wanted_ = reason;
  return tell_holder(wire::StopRequest{reason});
}

Actions Member::request_leave(const std::string& reason) {
  if (leaves()) return {};
  if (holder_ || standing_.sites().size() == 1) return request_stop(reason);
  leave_reason_ = reason;
  return tell_holder(wire::LeaveRequest{reason});
}

// ---- this site's checkpoints ----

Actions Member::wrote_checkpoint(const wire::CheckpointOffer& checkpoint) {
  own_checkpoints_.push_back(checkpoint);
  return tell_holder(wire::CheckpointWritten{checkpoint});
}

// What was written after the point from which the run goes on here.
void Member::forget_void_checkpoints(const wire::View& view) {
  const auto chosen = std::pair(view.checkpoint.version, view.checkpoint.restart);
  std::erase_if(own_checkpoints_, [&](const wire::CheckpointOffer& offer) {
    if (!view.starts) return offer.version >= view.from_version;
    return !view.from_checkpoint || std::pair(offer.version, offer.restart) > chosen;
  });
}

// Keeps this one and the one before it.
Actions Member::complete(Version version, Restart restart) {
  if (version <= complete_) return {};  // told again
  complete_ = version;
  const auto newest = std::find_if(own_checkpoints_.rbegin(), own_checkpoints_.rend(), [&](const wire::CheckpointOffer& offer) {
    return offer.version == version && offer.restart == restart;
  });
  if (newest == own_checkpoints_.rend()) return {};
  CheckpointIsComplete action{version, restart, {newest->manifest}};
  const auto previous = std::next(newest);
  if (previous != own_checkpoints_.rend()) action.keep.push_back(previous->manifest);
  return {action};
}

}  // namespace intertie::members
