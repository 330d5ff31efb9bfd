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

namespace intertie::sync {

class Run {
 public:
  Run(RunSettings settings, RunServices services);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void start(std::function<void(Result<Outcome>)> finished);
  // Stops the whole run at the next version that is not open yet, with a checkpoint. Before the run has begun: at once.
  void request_stop(const std::string& reason);

  // For tests and status; the state exists once the view is entered.
  const SiteState* state() const { return state_ ? &*state_ : nullptr; }

 private:
  env::Task<Result<Outcome>> main();
  env::Task<Result<Outcome>> take_part();
  Result<void> prepare();
  env::Task<Result<env::Done>> join();
  env::Task<Result<env::Done>> go_on_from_checkpoint();
  env::Task<Result<env::Done>> after_merge(MergeReport report);
  env::Task<Result<env::Done>> evaluate();
  env::Task<Result<env::Done>> write_checkpoint();
  env::Task<env::Done> leave(std::optional<Error> error);

  void receive(SiteId from, wire::Message message);
  Result<void> take(SiteId from, const wire::Message& message);
  void perform(members::Actions actions);
  Result<void> perform_one(members::Action action);
  void enter(const wire::View& view);
  void lost(SiteId site, const Error& error);
  Error late(const std::string& what) const;
  env::Address listens_at() const { return settings_.listen.value_or(settings_.addresses[settings_.self.value]); }
  std::string path(const std::string& name) const { return settings_.folder + "/" + name; }
  Result<void> remove_void_checkpoints();
  void prune(std::vector<Hash64> keep);
  std::string phase() const;
  bool ends_with(Version version) const;

  void record(std::string name, std::vector<std::pair<std::string, Event::Value>> fields);
  // What happened, as events (run_report.cpp).
  void report_waiting();
  void report_connected(SiteId site);
  void report_refused(const Error& error);
  void report_resumed(const std::string& folder, int threads_then);
  void report_progress();
  void report_links();
  void warn_of_a_long_wait();
  void report_merge(const MergeReport& report, const Meter& before);
  void report_evaluation(double loss, Duration took);
  void report_checkpoint(const checkpoint::Written& written, Duration took);
  void report_stopping(Version version, const std::string& reason);
  void report_finished(const Outcome& outcome);
  void report_error(const Error& error);
  double eta_seconds() const;
  std::int64_t step() const;    // inner steps of the run that are in the current version
  std::int64_t tokens() const;  // counted so far
  Bytes bytes_sent() const;     // over all links
  Bytes bytes_received() const;
  struct Refusals {
    env::TimePoint reported_at{};
    std::uint64_t since = 0;  // that no event told of
  };

  RunSettings settings_;
  RunServices services_;
  Waiting waiting_;
  AnchorHashes hashes_;
  Incarnation incarnation_;
  std::vector<checkpoint::Found> found_;  // on this site's disk at start
  std::unique_ptr<members::Member> member_;
  std::unique_ptr<links::Mesh> mesh_;
  std::optional<wire::View> view_;
  std::optional<SiteState> state_;
  std::optional<Version> stop_at_;
  std::optional<Version> complete_checkpoint_;
  std::set<SiteId> left_;  // sites that said farewell
  struct Reached {
    env::TimePoint at{};
    std::uint64_t step = 0;
  };
  Reached started_;    // this start's first step
  Reached committed_;  // the last merge
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
