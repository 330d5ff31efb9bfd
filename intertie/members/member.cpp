#include "intertie/members/member.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::members {
namespace {

template <class Vector, class Other>
void append(Vector& to, Other from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Member::Member(Settings settings) : settings_(std::move(settings)) {
  if (settings_.store) store_ = *settings_.store;
  store_.run = settings_.run;
  store_.incarnation = store_.incarnation.next();
}

Actions Member::fail(ErrorCode code, std::string what, std::string fix) const {
  return {Fail{{.code = code, .where = "phase start", .what = std::move(what), .fix = std::move(fix), .cause = {}}}};
}

Actions Member::ready(const wire::Ready& ready, const std::map<SiteId, Incarnation>& incarnations) {
  incarnations_ = incarnations;
  incarnations_[settings_.self] = settings_.incarnation;
  own_checkpoints_ = ready.checkpoints;
  std::sort(own_checkpoints_.begin(), own_checkpoints_.end());
  if (holds_store()) return take_ready(settings_.self, ready);
  return {SendTo{kHolder, ready}};
}

Actions Member::receive(SiteId from, const wire::Message& message) {
  if (const auto* ready = std::get_if<wire::Ready>(&message)) return holds_store() ? take_ready(from, *ready) : Actions{};
  if (const auto* stop = std::get_if<wire::StopRequest>(&message))
    return holds_store() ? order_stop(stop->reason.text()) : Actions{};
  if (const auto* accepted = std::get_if<wire::StopAccepted>(&message)) return take_stop_accepted(from, accepted->version);
  if (const auto* written = std::get_if<wire::CheckpointWritten>(&message)) {
    return holds_store() ? record_checkpoint(from, written->checkpoint) : Actions{};
  }
  if (from != kHolder) return {};
  if (const auto* view = std::get_if<wire::View>(&message)) return enter(*view);
  if (const auto* done = std::get_if<wire::CheckpointComplete>(&message)) return complete(done->version, done->restart);
  if (const auto* order = std::get_if<wire::StopOrder>(&message)) {
    stop_ = *order;
    return {SendTo{kHolder, wire::StopAccepted{order->version}}, StopAt{order->version, order->reason.text()}};
  }
  return {};
}

// ---- start ----

Actions Member::take_ready(SiteId from, const wire::Ready& ready) {
  ready_[from] = ready;
  if (view_ || ready_.size() < settings_.site_names.size()) return {};
  return decide_view();
}

std::string Member::waits_for() const {
  if (!holds_store()) return fmt::format("site {}, which decides on it, has not sent it", settings_.site_names[kHolder.value]);
  std::string names;
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    if (!ready_.contains(SiteId{i})) names += (names.empty() ? "" : ", ") + settings_.site_names[i];
  }
  return "not connected to all others yet: " + names;
}

Actions Member::decide_view() {
  const wire::Ready& ours = ready_.at(settings_.self);
  for (const auto& [site, ready] : ready_) {
    const std::string& name = settings_.site_names[site.value];
    if (ready.layout != ours.layout) {
      return fail(ErrorCode::reconfigure, fmt::format("site {} built a different model", name),
                  "use the same version at all sites");
    }
    if (ready.resume != ours.resume) {
      return fail(ErrorCode::reconfigure,
                  fmt::format("site {} was started {} --resume, site {} {}", name, ready.resume ? "with" : "without",
                              settings_.site_names[settings_.self.value], ours.resume ? "with" : "without"),
                  "start all sites alike");
    }
  }
  wire::View view{.number = store_.view.next(),
                  .restart = {},
                  .members = {},
                  .from_checkpoint = false,
                  .checkpoint = {},
                  .schedule = settings_.schedule};
  for (const auto& [site, incarnation] : incarnations_) view.members.push_back({site, incarnation});
  if (!ours.resume) store_.checkpoints.clear();  // of an earlier start, whose folders somebody has removed
  if (ours.resume) {
    auto chosen = choose_checkpoint();
    if (!chosen) return {Fail{chosen.error()}};
    view.restart = store_.restart.next();
    view.from_checkpoint = chosen->has_value();
    view.checkpoint = chosen->value_or(wire::CheckpointOffer{});
  }
  store_.view = view.number;
  store_.restart = view.restart;
  store_.members = view.members;
  Actions actions = {Persist{store_}, SendTo{std::nullopt, view}};
  append(actions, enter(view));
  return actions;
}

std::string Member::why_not(const CheckpointRecord& record) const {
  if (record.manifests.size() != settings_.site_names.size()) {
    return fmt::format("version {} was made by {} sites, the run file has {}", record.version.value, record.manifests.size(),
                       settings_.site_names.size());
  }
  for (const auto& [site, ready] : ready_) {
    const wire::CheckpointOffer wanted{record.version, record.restart, *record.manifests[site.value]};
    if (std::find(ready.checkpoints.begin(), ready.checkpoints.end(), wanted) == ready.checkpoints.end()) {
      return fmt::format("site {} does not have its part of version {}", settings_.site_names[site.value],
                         record.version.value);
    }
  }
  return {};
}

// The newest complete checkpoint that every member has; nullopt if the run had not come to its first one. Complete ones that
// exist but cannot be used are an error: to go on from nothing would throw work away.
Result<std::optional<wire::CheckpointOffer>> Member::choose_checkpoint() const {
  std::string reasons;
  for (auto record = store_.checkpoints.rbegin(); record != store_.checkpoints.rend(); ++record) {
    if (!record->complete()) continue;
    const std::string reason = why_not(*record);
    if (reason.empty()) return std::optional(wire::CheckpointOffer{record->version, record->restart, {}});
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  const bool any_offer =
      std::any_of(ready_.begin(), ready_.end(), [](const auto& entry) { return !entry.second.checkpoints.empty(); });
  if (!settings_.store && any_offer) reasons = "the record of complete ones (store.json) is gone";
  if (reasons.empty()) return std::optional<wire::CheckpointOffer>();
  return Error{.code = ErrorCode::reconfigure,
               .where = "phase start",
               .what = "no complete checkpoint can be resumed: " + reasons,
               .fix = fmt::format("bring back what is missing (store.json is in the folder of site {}), or start the run anew "
                                  "with --fresh at all sites",
                                  settings_.site_names[kHolder.value]),
               .cause = {}};
}

Actions Member::enter(const wire::View& view) {
  if (view_) return {};
  bool known = view.members.size() == settings_.site_names.size();
  for (std::uint16_t i = 0; known && i < view.members.size(); ++i) {
    const auto found = incarnations_.find(SiteId{i});
    known = found != incarnations_.end() && view.members[i] == wire::MemberRecord{SiteId{i}, found->second};
  }
  if (!known) {
    return fail(ErrorCode::retry, "the view names other starts of the sites than those this site is connected to",
                "start all sites again");
  }
  view_ = view;
  if (view.from_checkpoint) newest_opened_ = view.checkpoint.version;
  // What was written after the checkpoint that the run goes on from is void.
  const auto chosen = std::pair(view.checkpoint.version, view.checkpoint.restart);
  std::erase_if(own_checkpoints_, [&](const wire::CheckpointOffer& offer) {
    return !view.from_checkpoint || std::pair(offer.version, offer.restart) > chosen;
  });
  return {EnterView{view}};
}

// ---- stopping ----

Actions Member::request_stop(const std::string& reason) {
  if (holds_store()) return order_stop(reason);
  return {SendTo{kHolder, wire::StopRequest{reason}}};
}

// Names the first version that this site has not offered to: without its contribution nobody can have applied it.
Actions Member::order_stop(const std::string& reason) {
  if (!view_ || stop_) return {};
  const Version version = newest_opened_.next();
  if (version > settings_.last_version) return {};  // the run ends first
  stop_ = wire::StopOrder{version, reason};
  for (const auto& [site, incarnation] : incarnations_) {
    if (site != settings_.self) stop_missing_.insert(site);
  }
  Actions actions = {SendTo{std::nullopt, *stop_}, StopAt{version, reason}};
  if (stop_missing_.empty()) actions.push_back(StopAgreed{});
  return actions;
}

Actions Member::take_stop_accepted(SiteId from, Version version) {
  if (!stop_ || stop_->version != version || stop_missing_.erase(from) == 0 || !stop_missing_.empty()) return {};
  return {StopAgreed{}};
}

bool Member::may_open(Version version) const { return !stop_ || version < stop_->version || stop_missing_.empty(); }

// ---- checkpoints ----

Actions Member::wrote_checkpoint(const wire::CheckpointOffer& checkpoint) {
  own_checkpoints_.push_back(checkpoint);
  if (holds_store()) return record_checkpoint(settings_.self, checkpoint);
  return {SendTo{kHolder, wire::CheckpointWritten{checkpoint}}};
}

Actions Member::record_checkpoint(SiteId from, const wire::CheckpointOffer& checkpoint) {
  if (!view_ || checkpoint.restart != view_->restart) return {};
  if (checkpoint.version > newest_opened_) {
    return {
        Fail{{.code = ErrorCode::give_up,
              .where = "site " + settings_.site_names[from.value],
              .what = fmt::format("wrote a checkpoint of version {}, which it cannot have come to", checkpoint.version.value),
              .fix = "compare `intertie version` at all sites",
              .cause = {}}}};
  }
  auto record = std::find_if(store_.checkpoints.begin(), store_.checkpoints.end(), [&](const CheckpointRecord& r) {
    return r.version == checkpoint.version && r.restart == checkpoint.restart;
  });
  if (record == store_.checkpoints.end()) {
    store_.checkpoints.push_back({checkpoint.version, checkpoint.restart, {}});
    record = std::prev(store_.checkpoints.end());
    record->manifests.resize(settings_.site_names.size());
  }
  record->manifests[from.value] = checkpoint.manifest;
  if (!record->complete()) return {};

  // Records of the last complete ones stay; everything older goes. What an earlier restart left at this version or
  // beyond is void: the run that is going on now has replaced it.
  auto& all = store_.checkpoints;
  const CheckpointRecord newest = *record;
  std::erase_if(all, [&](const CheckpointRecord& r) { return r.restart < newest.restart && r.version >= newest.version; });
  std::size_t kept = 0;
  for (auto it = all.rbegin(); it != all.rend(); ++it) kept += it->complete() ? 1 : 0;
  for (auto it = all.begin(); it != all.end() && kept > kKept;) {
    kept -= it->complete() ? 1 : 0;
    it = all.erase(it);
  }
  Actions actions = {Persist{store_}, SendTo{std::nullopt, wire::CheckpointComplete{checkpoint.version, checkpoint.restart}}};
  append(actions, complete(checkpoint.version, checkpoint.restart));
  return actions;
}

// Keeps this one and the one before it.
Actions Member::complete(Version version, Restart restart) {
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
