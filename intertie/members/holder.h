// Holder: the part of the site that holds the store (the first of the run file): it decides how the run starts, who its members
// are, when it stops and which checkpoints are complete, and writes that down before it tells (docs/protocol.md rules 14 to
// 22). Sans-I/O. What it sends to its own site is for the Member there, which hands it on (member.h). Owner thread: the loop.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/clock.h"
#include "intertie/members/actions.h"
#include "intertie/members/flush.h"
#include "intertie/members/settings.h"
#include "intertie/members/standing.h"
#include "intertie/members/store.h"

namespace intertie::members {

class Holder {
 public:
  explicit Holder(const Settings& settings);

  // A message of a site's start, this site's own among them, that is for the holder; others are ignored.
  Actions take(SiteId from, Incarnation incarnation, const wire::Message& message);
  Actions beat(env::TimePoint now);
  Actions departed(SiteId site, Incarnation incarnation, const std::string& reason);
  void opened(Version version) { newest_opened_ = version; }
  void ended() { ended_ = true; }
  bool may_open(Version version) const { return !stop_ || version < stop_->version || stop_missing_.empty(); }

  const Standing& standing() const { return standing_; }
  bool is_needed(const std::set<SiteId>& left) const;
  std::string waits_for() const;

 private:
  struct Entrant {
    Incarnation incarnation;
    wire::Ready ready;
  };
  // A site that comes to a run that goes on.
  struct Joiner {
    Incarnation incarnation;
    std::optional<SiteId> donor;
    bool caught_up = false;
  };
  struct Flush {
    ViewNumber number;
    std::set<SiteId> missing;
    std::map<SiteId, wire::FlushReport> reports;
  };

  const std::string& name(SiteId site) const { return settings_.site_names[site.value]; }
  bool is_member() const { return standing_.is_member(settings_.self, settings_.incarnation); }
  Actions publish(const wire::View& view, std::vector<SiteId> to);
  Actions order_stop(const std::string& reason);
  Actions take_stop_accepted(SiteId from, Version version);

  // The start (starting.cpp).
  Actions take_ready(SiteId from, const Entrant& entrant);
  bool all_ready() const;
  bool others_may_go_on() const;
  std::vector<SiteId> starting_members() const;
  const CheckpointRecord* newest_complete() const;
  Actions decide_view();
  Actions look_for_misfits() const;
  Result<wire::View> first_view();
  Result<std::optional<CheckpointRecord>> choose_checkpoint() const;
  std::string why_not(const CheckpointRecord& record) const;

  // Checkpoints (checkpoints.cpp).
  Actions record_checkpoint(const wire::MemberRecord& from, const wire::CheckpointOffer& checkpoint);
  Actions look_for_complete();
  Actions complete_record(CheckpointRecord& record);
  std::optional<Incarnation> writes(SiteId site, Version version) const;

  // Changes of members (changes.cpp), and a holder that comes back (recovery.cpp).
  Actions recover(env::TimePoint now);
  bool goes_on(const wire::MemberRecord& member) const;
  Actions take_over(ViewNumber newest);
  Actions wait_for_the_members_again();
  Actions admit(SiteId from, const Entrant& entrant);
  bool can_enter(SiteId site, const Joiner& joiner) const;
  void look_for_the_gone();
  Actions fence_strangers() const;
  Actions assign_donors();
  Actions throw_out(SiteId site, Incarnation incarnation, const std::string& reason);
  Actions change();
  Actions start_flush();
  Actions take_report(SiteId from, wire::FlushReport report);
  bool makes_sense(const wire::FlushReport& report) const;
  Actions finish_flush();
  wire::View next_view(const Flush& flush, const FlushOutcome& outcome);
  std::string reason_of_change(const FlushOutcome& outcome) const;
  std::vector<wire::MemberRecord> next_members(const FlushOutcome& outcome) const;

  const Settings& settings_;
  StoreState store_;
  bool store_is_new_ = true;
  Standing standing_;
  std::map<SiteId, Entrant> ready_;  // until the first view
  // The views of the run so far, as far as checkpoints that are not complete may need them: who made the versions from one on.
  std::vector<std::pair<Version, std::vector<wire::MemberRecord>>> makers_;
  Version newest_opened_;  // by this site
  bool ended_ = false;
  std::optional<wire::StopOrder> stop_;
  std::set<SiteId> stop_missing_;          // acknowledgements
  std::map<SiteId, std::string> gone_;     // members that have to go, and why
  std::map<SiteId, std::string> leaving_;  // members that want to, and why
  std::map<SiteId, Joiner> joiners_;
  std::optional<Flush> flush_;
  ViewNumber proposed_;
  std::optional<env::TimePoint> first_beat_;
  std::optional<env::TimePoint> recovering_since_;
};

}  // namespace intertie::members
