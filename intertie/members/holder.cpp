#include "intertie/members/holder.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"

namespace intertie::members {

Holder::Holder(const Settings& settings) : settings_(settings) {
  if (settings_.store) {
    store_ = *settings_.store;
    store_is_new_ = false;
  }
  store_.run = settings_.run;
  store_.incarnation = store_.incarnation.next();
  proposed_ = store_.view;
}

Actions Holder::take(SiteId from, Incarnation incarnation, const wire::Message& message) {
  if (const auto* ready = std::get_if<wire::Ready>(&message)) return take_ready(from, {incarnation, *ready});
  if (const auto* stop = std::get_if<wire::StopRequest>(&message)) return order_stop(stop->reason.text());
  if (const auto* accepted = std::get_if<wire::StopAccepted>(&message)) return take_stop_accepted(from, accepted->version);
  if (const auto* written = std::get_if<wire::CheckpointWritten>(&message))
    return record_checkpoint({from, incarnation}, written->checkpoint);
  if (const auto* report = std::get_if<wire::FlushReport>(&message)) {
    return standing_.has_say(from, incarnation) ? take_report(from, *report) : Actions{};
  }
  if (const auto* complaint = std::get_if<wire::Complaint>(&message)) {
    const bool counts = from == settings_.self || standing_.is_member(from, incarnation);
    return counts ? throw_out(complaint->about.site, complaint->about.incarnation, complaint->reason.text()) : Actions{};
  }
  if (const auto* leave = std::get_if<wire::LeaveRequest>(&message)) {
    if (!standing_.is_member(from, incarnation)) return {};
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

Actions Holder::beat(env::TimePoint now) {
  if (!standing_.view()) {
    if (!first_beat_) first_beat_ = now;
    Actions actions = recover(now);
    if (standing_.view() || recovering_since_ || !all_ready()) return actions;
    const bool nobody_came = now - *first_beat_ > 2 * settings_.silence;
    if (nobody_came || !others_may_go_on()) append(actions, decide_view());
    return actions;
  }
  look_for_the_gone();
  Actions actions = fence_strangers();
  append(actions, assign_donors());
  append(actions, change());
  return actions;
}

// On disk before anybody hears of it.
Actions Holder::publish(const wire::View& view, std::vector<SiteId> to) {
  store_.view = view.number;
  store_.restart = view.restart;
  store_.members = view.members;
  const bool concerns_this = std::find(to.begin(), to.end(), settings_.self) != to.end();
  Actions actions = {Persist{store_}, SendTo{std::move(to), view}};
  if (!concerns_this) append(actions, fences(standing_, view, settings_.self));
  standing_.replace(view);
  makers_.emplace_back(view.from_version, view.members);
  return actions;
}

std::string Holder::waits_for() const {
  std::string names;
  for (const SiteId site : starting_members()) {
    if (!ready_.contains(site)) names += (names.empty() ? "" : ", ") + name(site);
  }
  return "not ready yet: " + names;
}

// The members report their last checkpoints to it.
bool Holder::is_needed(const std::set<SiteId>& left) const {
  const std::vector<SiteId> sites = standing_.sites();
  return std::any_of(sites.begin(), sites.end(), [&](SiteId site) {
    return site != settings_.self && !left.contains(site) && settings_.surroundings.reaches(site);
  });
}

// ---- stopping ----

// Names the first version that this site has not offered to: without its contribution nobody can have applied it. Before it is
// a member (again) there is none; whoever asks repeats it with the next view.
Actions Holder::order_stop(const std::string& reason) {
  if (stop_ || ended_ || !is_member()) return {};
  const Version version = std::max(newest_opened_.next(), standing_.view()->from_version);
  stop_ = wire::StopOrder{version, reason};
  store_.stop = stop_;
  const std::vector<SiteId> members = standing_.sites();
  stop_missing_.insert(members.begin(), members.end());
  return {Persist{store_}, SendTo{members, *stop_}};
}

Actions Holder::take_stop_accepted(SiteId from, Version version) {
  if (!stop_ || stop_->version != version || stop_missing_.erase(from) == 0 || !stop_missing_.empty()) return {};
  return {StopAgreed{}};
}

}  // namespace intertie::members
