// Member: what this site does about views, stopping, leaving and its own checkpoints. Sans-I/O: messages and facts go in,
// actions come out. At the site that holds the store the Holder decides (holder.h); its Member asks it, and is told, like any
// other. Owner thread: the loop.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intertie/members/holder.h"

namespace intertie::members {

class Member {
 public:
  using Settings = members::Settings;
  explicit Member(Settings settings);

  static constexpr SiteId holder() { return kHolder; }

  // This site reaches the store's holder and is ready: to start the run, or to come to one that goes on.
  Actions ready(const wire::Ready& ready);
  // A message of another site's start that concerns membership; others are ignored. Errors of the peer become Fail.
  Actions receive(SiteId from, Incarnation incarnation, const wire::Message& message);
  // After every beat of the mesh.
  Actions beat(env::TimePoint now);
  // Another site said farewell before the run's end.
  Actions departed(SiteId site, Incarnation incarnation, const std::string& reason);
  // What a site's start says makes no sense.
  Actions complain(SiteId about, Incarnation incarnation, const std::string& reason);
  // The answer to ReportFor.
  Actions report(wire::FlushReport report) { return tell_holder(std::move(report)); }
  // This site holds what the members hold; asked for in ready().
  Actions caught_up(Version version) { return tell_holder(wire::CaughtUp{version}); }
  // Somebody at this site asks to stop the run, or that this site leaves it. The store's holder cannot leave.
  Actions request_stop(const std::string& reason);
  Actions request_leave(const std::string& reason);
  bool leaves() const { return leave_reason_.has_value(); }
  // This site is about to offer its contribution to `version`. May it? If not, StopAgreed will come.
  bool may_open(Version version) const { return !holder_ || holder_->may_open(version); }
  void opened(Version version);
  // The run has come to its end here: no stop is wanted any more.
  void ended();
  bool stop_is_ordered() const { return stop_.has_value(); }
  // The run stops with it, as far as this site knows.
  bool stops_at(Version version) const { return stop_ && stop_->version == version; }
  // This site's part of a checkpoint is on disk.
  Actions wrote_checkpoint(const wire::CheckpointOffer& checkpoint);

  // The newest that is known here; the store's holder may have decided it for others.
  const std::optional<wire::View>& view() const { return standing().view(); }
  bool is_member() const { return standing_.is_member(settings_.self, settings_.incarnation); }
  bool has(SiteId site) const { return standing().has(site); }
  // This start of the site is a member, or one that the view lets go and that does its part until then.
  bool has_say(SiteId site, Incarnation incarnation) const { return standing().has_say(site, incarnation); }
  // At the end of the run, at the store's holder: nobody needs it any more. `left`: who has said farewell.
  bool is_needed(const std::set<SiteId>& left) const { return holder_ && holder_->is_needed(left); }
  // Why there is no view yet, for an error message.
  std::string waits_for() const;

 private:
  const std::string& name(SiteId site) const { return settings_.site_names[site.value]; }
  const Standing& standing() const { return holder_ ? holder_->standing() : standing_; }
  Actions tell_holder(const wire::Message& message);
  Actions deliver(Actions decided);
  Actions take(const wire::Message& message);
  Actions take_view(const wire::View& view);
  Actions enter(const wire::View& view);
  Actions repeat_what_it_may_not_know(const wire::View& view);
  void forget_void_checkpoints(const wire::View& view);
  Actions complete(Version version, Restart restart);

  Settings settings_;
  std::unique_ptr<Holder> holder_;  // at the site that holds the store
  Standing standing_;
  Version complete_;  // the newest complete checkpoint of this restart
  std::optional<wire::StopOrder> stop_;
  std::optional<std::string> stop_wanted_;  // asked for at this site
  std::optional<std::string> leave_reason_;
  std::vector<wire::CheckpointOffer> own_checkpoints_;  // written or offered by this site, oldest first
};

}  // namespace intertie::members
