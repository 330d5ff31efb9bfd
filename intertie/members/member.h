// Member: what this site does about views, stopping and complete checkpoints. Sans-I/O: messages and facts go in, actions come
// out. One of the sites (the first of the run file) also holds the embedded store and decides (changes.h); it talks to itself
// through the same functions.
// Owner thread: the loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/clock.h"
#include "intertie/members/actions.h"
#include "intertie/members/flush.h"
#include "intertie/members/store.h"
#include "intertie/wire/messages.h"

namespace intertie::members {

class Member {
 public:
  struct Settings {
    std::string run;
    SiteId self;
    std::vector<std::string> site_names;
    Incarnation incarnation;
    std::function<wire::Schedule(const std::vector<SiteId>& members)> schedule;
    std::optional<StoreState> store;  // the holder's, as loaded; nullopt elsewhere or when new
    Surroundings surroundings;
    Duration silence = std::chrono::seconds(2);  // after which whoever can be heard of by no way has to go
  };
  explicit Member(Settings settings);

  static constexpr SiteId holder() { return kHolder; }
  bool holds_store() const { return settings_.self == kHolder; }

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
  Actions report(wire::FlushReport report);
  // This site holds what the members hold; asked for in ready().
  Actions caught_up(Version version);
  // Somebody at this site asks to stop the run, or that this site leaves it. The store's holder cannot leave.
  Actions request_stop(const std::string& reason);
  Actions request_leave(const std::string& reason);
  bool leaves() const { return leaves_; }
  // This site is about to offer its contribution to `version`. May it? If not, StopAgreed will come.
  bool may_open(Version version) const;
  void opened(Version version) { newest_opened_ = version; }
  // The run has come to its end here: no stop is wanted any more.
  void ended() { ended_ = true; }
  // The run stops with it, as far as this site knows.
  bool stops_at(Version version) const { return stop_ && stop_->version == version; }
  // This site's part of a checkpoint is on disk.
  Actions wrote_checkpoint(const wire::CheckpointOffer& checkpoint);

  const std::optional<wire::View>& view() const { return view_; }
  bool is_member() const { return view_ && is_in(*view_, settings_.self, settings_.incarnation); }
  bool has(SiteId site) const;  // the view does
  // The others of the view.
  std::vector<SiteId> others() const;
  // At the end of the run, at the store's holder: nobody needs it any more. `left`: who has said farewell.
  bool is_needed(const std::set<SiteId>& left) const;
  // Why there is no view yet, for an error message.
  std::string waits_for() const;

 private:
  static constexpr SiteId kHolder{0};
  static constexpr std::size_t kKept = 2;  // complete checkpoints

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

  static bool is_in(const wire::View& view, SiteId site, Incarnation incarnation);
  Actions take_at_holder(SiteId from, Incarnation incarnation, const wire::Message& message);
  Actions take_view(const wire::View& view);
  const std::string& name(SiteId site) const { return settings_.site_names[site.value]; }
  Actions enter(const wire::View& view);
  void forget_void_checkpoints(const wire::View& view);
  Actions fence(const wire::View& view) const;
  void replace_view(const wire::View& view);
  Actions repeat_requests() const;
  Actions order_stop(const std::string& reason);
  Actions take_stop_accepted(SiteId from, Version version);
  Actions fail(ErrorCode code, std::string what, std::string fix) const;

  // The start (starting.cpp), at the holder.
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

  // Checkpoints (member_checkpoints.cpp).
  Actions record_checkpoint(SiteId from, const wire::CheckpointOffer& checkpoint);
  Actions look_for_complete();
  Actions complete_record(CheckpointRecord& record);
  Actions complete(Version version, Restart restart);
  bool writes(SiteId site, Version version) const;

  // Changes of members (member_changes.cpp), at the holder.
  Actions recover(env::TimePoint now);
  Actions admit(SiteId from, const Entrant& entrant);
  bool can_enter(SiteId site, const Joiner& joiner) const;
  void look_for_the_gone();
  Actions fence_strangers() const;
  Actions assign_donors();
  Actions change();
  Actions start_flush();
  Actions take_report(SiteId from, wire::FlushReport report);
  bool makes_sense(const wire::FlushReport& report) const;
  Actions finish_flush();
  Actions adopt(const wire::View& view);
  Actions after_change();
  std::string reason_of_change(const FlushOutcome& outcome) const;
  std::vector<wire::MemberRecord> next_members(const FlushOutcome& outcome) const;
  std::vector<SiteId> sites_of_view() const;
  std::vector<wire::MemberRecord> with_a_say() const;
  bool has_a_say(SiteId site, Incarnation incarnation) const;

  Settings settings_;
  StoreState store_;
  bool store_is_new_ = true;
  std::map<SiteId, Entrant> ready_;  // at the holder, until the first view
  std::optional<wire::View> view_;
  // The views of the run so far, as far as checkpoints that are not complete may need them: who made the versions from one on.
  std::vector<std::pair<Version, std::vector<SiteId>>> makers_;
  Version newest_opened_;
  Version complete_;  // the newest complete checkpoint of this restart
  bool ended_ = false;
  bool leaves_ = false;
  // Those whom the present view lets go: they complete what is open, and have a say until they have.
  std::map<SiteId, Incarnation> departing_;
  std::optional<wire::StopOrder> stop_;
  std::set<SiteId> stop_missing_;           // acknowledgements, at the holder
  std::optional<std::string> stop_wanted_;  // asked for at this site, and not ordered yet
  std::string leave_reason_;
  std::vector<wire::CheckpointOffer> own_checkpoints_;  // written or offered by this site, oldest first

  // At the holder, while the run goes on.
  std::map<SiteId, std::string> gone_;     // members that have to go, and why
  std::map<SiteId, std::string> leaving_;  // members that want to, and why
  std::map<SiteId, Joiner> joiners_;
  std::optional<Flush> flush_;
  ViewNumber proposed_;
  std::optional<env::TimePoint> recovering_since_;
  std::optional<env::TimePoint> first_beat_;
};

}  // namespace intertie::members
