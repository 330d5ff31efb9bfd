// Run: a site's whole part in a run - join the others, go on from a checkpoint or from the start, merge until the end, write
// checkpoints, stop when asked, leave. The same code runs over sockets (site/) and in the simulator (tests/sim).
// Owner thread: the loop. Create, start(), and keep until the callback has come.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intertie/sync/anchor_hashes.h"
#include "intertie/sync/merge.h"
#include "intertie/sync/run_settings.h"
#include "intertie/sync/saving.h"
#include "intertie/sync/transfer.h"

namespace intertie::sync {

class Run {
 public:
  Run(RunSettings settings, RunServices services);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Ends with an error of code rejoin where the members have gone on without this site: another Run fetches what they have.
  void start(std::function<void(Result<Outcome>)> finished);
  // Stops the whole run at the next version that is not open yet, with a checkpoint. A site that is no member yet ends at once
  // instead, whether or not a run goes on without it; but for the store's holder, without whom the others cannot stop.
  void request_stop(const std::string& reason);
  // The same, but a site that is no member yet goes on, and asks once it is one.
  void request_stop_once_member(const std::string& reason);
  bool stop_is_ordered() const { return member_ && member_->stop_is_ordered(); }
  // This site leaves, with a checkpoint, and the others go on. At the store's holder: stops the run. A site that is no member
  // yet ends at once, and others who wait for it wait on.
  void request_leave(const std::string& reason);

  // For tests and status; the state exists once the view is entered.
  const SiteState* state() const { return state_ ? &*state_ : nullptr; }

 private:
  // A site that comes to the run and gets the state from this one.
  struct Donation {
    wire::MemberRecord to;
    std::uint64_t number = 0;
    env::TimePoint seen_at{};
    bool begun = false;
  };
  struct Refusals {
    env::TimePoint reported_at{};
    std::uint64_t since = 0;  // that no event told of
  };
  struct Reached {
    env::TimePoint at{};
    std::uint64_t step = 0;
  };
  using Done = env::Done;

  // From the start to the end (run.cpp).
  env::Task<Result<Outcome>> main();
  env::Task<Result<Outcome>> take_part();
  env::Task<Result<Done>> go_on_or_die(Version applied);
  env::Task<Result<Done>> after_merge(MergeReport report);
  env::Task<Result<Done>> settle(const MergeReport& report);
  env::Task<Result<Done>> evaluate();
  env::Task<Result<Done>> write_checkpoint();
  bool ends_with(const wire::Progress& progress) const;
  bool makes_the_next() const;
  std::vector<SiteId> reporters(Version version) const;
  Outcome outcome() const;

  // How it begins and ends (run_join.cpp).
  Result<void> prepare();
  env::Task<Result<Done>> join();
  void make_mesh();
  void say_ready();
  env::Task<Result<Done>> go_on_from_checkpoint();
  env::Task<Result<Done>> follow();
  bool has_ended_and_gone(SiteId donor) const;
  env::Task<Result<Done>> take_first_copy();
  env::Task<Result<Done>> apply_next_result();
  void say_caught_up();
  Result<void> remove_void_checkpoints();
  env::Task<Done> leave(wire::Farewell farewell);
  env::Task<Done> until_all_is_given();
  bool goes_on_elsewhere() const;
  void make_state(Restart restart, const wire::Progress& progress);
  Error late(const std::string& what) const;

  // Messages and actions (run_messages.cpp).
  void receive(SiteId from, wire::Message message);
  Result<void> take(SiteId from, const wire::Message& message);
  Result<void> take_farewell(SiteId from, const wire::Farewell& farewell);
  Result<void> take_state(SiteId from, const wire::Message& message);
  Result<void> take_part_of_merge(SiteId from, const wire::Message& message);
  Result<void> take_hash(SiteId from, const wire::AnchorHash& hash);
  Result<void> serve(SiteId from, const wire::ChunkRequest& request);
  void take_early();
  void perform(members::Actions actions);
  Result<void> perform_one(members::Action action);

  // Members and links that change (run_members.cpp).
  void enter(const wire::View& view);
  void warm_up(const wire::View& view);
  void report_for(ViewNumber number);
  bool follows_another_way(const wire::View& view) const;
  void forget_what_was_before(const wire::View& view);
  void fenced(const wire::View& view);
  Error left_without_it() const;
  void beat();
  void pass_the_stop_on();
  void look_for_the_planned_end();
  void look_for_the_store();
  void look_for_the_donor();
  void route_changed(SiteId site, const links::Route& route, const Error* why);
  void refused(SiteId site, Error error);
  void broken(SiteId site, Error error);
  Duration silence() const;
  env::Task<Result<Done>> give_state(const MergeReport* applied);
  void give_copy(Donation& donation, const std::vector<ArrayCopy>& copies);
  void give_result(const Donation& donation, const ArrayCopy& result);
  bool still_wanted(Donation& donation);
  bool is_too_slow(const Donation& donation);
  bool is_there(const wire::MemberRecord& member) const;
  bool copies_wanted() const;

  std::vector<env::Address> listens_at() const {
    return settings_.listen.empty() ? std::vector{settings_.addresses[settings_.self.value]} : settings_.listen;
  }
  std::string path(const std::string& name) const { return settings_.folder + "/" + name; }
  const std::string& name(SiteId site) const { return settings_.site_names[site.value]; }
  std::string names(const std::vector<SiteId>& sites) const;
  void prune(std::vector<Hash64> keep);
  std::string phase() const;

  // What happened, as events (run_report.cpp).
  void record(std::string name, std::vector<std::pair<std::string, Event::Value>> fields);
  void report_waiting();
  void report_connected(SiteId site);
  void report_path(SiteId site, std::uint16_t path, const Error* why);
  void report_refused(const Error& error);
  void report_resumed(const std::string& folder, int threads_then);
  void report_progress();
  void report_links();
  void warn_of_a_long_wait();
  void report_merge(const MergeReport& report, const Meter& before);
  void report_order(const MergeReport& report);
  void report_flush(const wire::FlushReport& report);
  void report_planned_death();
  void report_lost_samples(const MergeReport& report);
  void report_view(const wire::View& view);
  void report_fenced(ViewNumber view);
  void report_evaluation(double loss, Duration took);
  void report_checkpoint(const checkpoint::Written& written, Duration took);
  void report_stopping(Version version, const std::string& reason);
  void report_finished(const Outcome& outcome);
  void add_to_sums();
  void report_error(const Error& error);
  double eta_seconds() const;
  std::int64_t step() const;    // inner steps of the run that are in the current version
  std::int64_t tokens() const;  // counted so far
  std::vector<SiteId> present_members() const;
  std::uint64_t tokens_per_step(const std::vector<SiteId>& members) const;
  Bytes bytes_sent() const;  // over all links
  Bytes bytes_received() const;

  RunSettings settings_;
  RunServices services_;
  env::Waiting waiting_;
  AnchorHashes hashes_;
  Incarnation incarnation_;
  std::vector<checkpoint::Found> found_;  // on this site's disk at start
  std::unique_ptr<members::Member> member_;
  std::unique_ptr<links::Mesh> mesh_;
  std::optional<wire::View> started_with_;  // the view that the run began with, if this site was there
  std::optional<SiteState> state_;
  std::optional<Fetch> fetch_;
  bool fetched_ = false;  // a first copy was applied
  bool caught_up_said_ = false;
  bool copying_ = false;  // the worker does
  std::map<SiteId, Donation> donations_;
  std::uint64_t num_donations_ = 0;
  std::vector<std::pair<SiteId, wire::Message>> early_;  // of views that have not come here
  std::map<SiteId, Bytes> early_bytes_;                  // of each
  std::optional<Version> stop_at_;
  std::optional<std::string> kept_stop_;  // asked for before this site was a member
  bool leaves_early_ = false;             // it was to leave before it was a member
  std::optional<Version> complete_checkpoint_;
  std::optional<Incarnation> ready_said_to_;  // the start of the store's holder
  std::set<SiteId> left_;                     // sites that said farewell at the run's end
  std::set<SiteId> detoured_;                 // sites that are reached over another, or not at all, and were directly
  std::optional<env::TimePoint> store_away_since_;
  std::optional<env::TimePoint> donor_away_since_;
  Incarnation donor_start_;
  env::TimePoint store_away_told_{};
  env::TimePoint joined_at_{};
  Reached started_;    // this start's first step
  Reached committed_;  // the last merge
  std::uint64_t committed_meter_steps_ = 0;
  bool runs_ = false;     // the state is what the view says
  bool settled_ = false;  // the last version's checkpoint is complete
  bool ended_ = false;    // all but the farewell
  Meter reported_;
  env::TimePoint reported_at_{};
  std::map<SiteId, links::Link::Transfer> reported_transfers_;  // at the last progress
  std::optional<env::TimePoint> warned_at_;                     // of a long wait
  Refusals refusals_;
  double last_loss_ = std::nan("");  // mean of the last interval that had steps
  double last_validation_loss_ = std::nan("");
  Bytes merged_sent_;  // over all links, at the last merge
  Bytes merged_received_;
  env::TimerId waiting_timer_;
  env::TimerId progress_timer_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // for timers that may outlive this
  std::optional<env::Task<Result<Outcome>>> task_;
};

}  // namespace intertie::sync
