// ToyWorld: sites that train the toy problem through the real stack (sync and all below it) on virtual time, each with a disk
// in memory that survives its death. For tests and for `sim`.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/sim/memory_disk.h"
#include "intertie/env/sim/sim_world.h"
#include "intertie/sync/run.h"

namespace intertie::tests {

struct ToyOptions {
  std::uint64_t seed = 1;
  std::vector<int> batch_sizes = {4, 4, 4};  // one per site
  std::uint64_t elements = 20000;
  int sequence_length = 16;
  sync::Settings sync;
  train::Settings train;
  env::LinkProfile link{BitRate{100e6}, std::chrono::milliseconds(20)};
  Duration step_time = std::chrono::milliseconds(10);
  Duration step_jitter = std::chrono::milliseconds(5);
  std::uint16_t streams = 3, paths = 1;  // of every path, of every link
};
// A run of `steps` steps that tests start from: diloco, every 5 steps, checkpoints every 20.
ToyOptions toy_options(std::uint64_t steps);

struct RecordedEvent {
  std::size_t site;
  env::TimePoint when;
  Event event;
  Restart restart = {};                          // that the site was in
  std::vector<wire::MemberRecord> members = {};  // of the view that it entered
};

// A merge that a site has committed, with what it knew then.
struct Commit {
  std::size_t site = 0;
  std::uint64_t life = 0;  // of the site, from 1
  Restart restart;
  ViewNumber view;  // that says who made it
  Version version;
  wire::MemberRecord by;
  std::vector<wire::MemberRecord> makers;
  std::vector<SiteId> set;
  Hash64 parameters;
  bool in_flush = false;  // it had said what it holds, and no answer had come
};

class ToyWorld {
 public:
  explicit ToyWorld(ToyOptions options);
  ~ToyWorld();

  void start(std::size_t index, bool resume = false);
  void start_all(bool resume = false);
  void kill(std::size_t index);
  void kill_all();
  // Until every running site has ended; false if that takes more than `limit` of virtual time.
  bool run_to_end(Duration limit = std::chrono::hours(2));

  std::size_t num_sites() const { return options_.batch_sizes.size(); }
  sync::Run* run(std::size_t site) { return sites_[site].run.get(); }
  const std::optional<Result<sync::Outcome>>& outcome(std::size_t site) const { return sites_[site].outcome; }
  std::vector<float> parameters(std::size_t site) const;
  void corrupt(std::size_t site) { sites_[site].model->parameters()[0] += 1.0F; }  // as a bad memory chip does
  env::sim::MemoryDisk& disk(std::size_t site) { return *sites_[site].disk; }
  env::sim::SimWorld& world() { return *world_; }
  const std::vector<RecordedEvent>& events() const { return events_; }
  const ToyOptions& options() const { return options_; }
  std::string name(std::size_t site) const;
  std::string end_of_path(std::size_t site, std::size_t path) const;  // to cut one of several
  std::uint64_t life(std::size_t site) const { return sites_[site].num_lives; }
  const std::vector<Commit>& commits() const { return commits_; }
  const std::vector<wire::MemberRecord>& newest_members() const { return newest_view_.second; }  // of all that were entered
  void let_sites_rejoin() { rejoins_ = true; }  // those whose members went on without them, after a moment
  // Called after every committed merge of a site, with the parameters it has then.
  std::function<void(std::size_t site, Version version, Hash64 parameters)> on_merge;
  // Called in the middle of what the site does: it must not be touched here.
  std::function<void(const RecordedEvent& recorded)> on_event;
  // Called when a site has ended, but for one that comes back by itself.
  std::function<void(std::size_t site)> on_end;
  bool prints_events = std::getenv("PRINT") != nullptr;
  // Changes what a site that starts later believes; for sites that do not fit together.
  std::function<void(std::size_t site, sync::RunSettings&)> adjust;

 private:
  class Recorder;
  struct Site {
    std::unique_ptr<env::sim::MemoryDisk> disk;
    env::sim::SimSite* life = nullptr;
    std::unique_ptr<train::LocalStep> model;
    std::unique_ptr<Recorder> recorder;
    sync::ProcessSums sums;
    std::unique_ptr<sync::Run> run;
    std::optional<Result<sync::Outcome>> outcome;
    std::uint64_t num_lives = 0;
  };
  void begin(std::size_t index, bool resume);
  void ended(std::size_t index, Result<sync::Outcome> outcome);
  void note_commit(std::size_t index, const Event& event);
  sync::RunSettings settings_of(std::size_t site, bool resume) const;
  void stop_running(Site& site);

  ToyOptions options_;
  std::vector<std::uint16_t> tokens_;
  std::optional<data::Sampler> sampler_;
  std::optional<data::EvaluationWindows> validation_;
  std::unique_ptr<env::sim::SimWorld> world_;
  std::vector<Site> sites_;
  std::vector<RecordedEvent> events_;
  std::vector<Commit> commits_;
  std::pair<ViewNumber, std::vector<wire::MemberRecord>> newest_view_;
  bool rejoins_ = false;
  env::Random jitter_;
};

}  // namespace intertie::tests
