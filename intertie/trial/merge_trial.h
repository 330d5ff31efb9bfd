// MergeTrial: merges of made-up contributions between all sites of a run, one after another, over the links and with the
// execution of a real run, but without a model, a store or views: what a merge costs. The sum is compared with one made here.
//   MergeTrial trial(settings, {loop, worker, network});
//   Task<Result<MergeTrialReport>> task = trial.run();
//
// Owner thread: the loop; contributions are made, encoded and compared on the worker. Outlives its task.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "intertie/env/waiting.h"
#include "intertie/links/mesh.h"
#include "intertie/links/probe.h"
#include "intertie/reduce/execute.h"
#include "intertie/reduce/schedule.h"
#include "intertie/trial/merge_trial_report.h"

namespace intertie::trial {

struct MergeTrialSettings {
  links::Mesh::Settings mesh;
  wire::Schedule schedule;  // where the links are not probed; its `elements` are those of the contribution
  // The links are probed first, and merges follow the best schedule over what was found. Sites without a link use a third.
  std::optional<reduce::Work> probed_work = {};
  Encoding encoding = Encoding::f32;
  Encoding result_encoding = Encoding::f32;
  std::uint32_t num_warm_ups = 3;  // merges before those that count
  std::uint32_t num_merges = 10;
  Duration every{0};    // from the beginning of one merge to that of the next; 0: back to back
  Duration silence{0};  // after the warm-ups, before the merges that count
  std::uint64_t seed = 1;
  Duration start_wait = std::chrono::minutes(2);  // for the other sites
  Duration merge_wait = std::chrono::minutes(5);  // for one merge
  Duration lost_after = std::chrono::seconds(3);  // without a word of a site, over any way
};

class MergeTrial {
 public:
  struct Services {
    env::Loop& loop;
    env::Worker& worker;
    env::Network& network;
  };
  struct Handlers {
    std::function<void(const std::string& note)> note;                             // what a person should know, in words
    std::function<void(std::uint32_t number, std::uint32_t of, Duration)> merged;  // of all, with the warm-ups
    std::function<void(const reduce::Map&, const reduce::Scheduled&)> scheduled;   // at site 0, after the probe
    std::function<void()> measuring;                                               // the merges that count begin
    std::function<void()> measured;                                                // they are done
  };

  MergeTrial(MergeTrialSettings settings, Services services, Handlers handlers);
  MergeTrial(const MergeTrial&) = delete;
  MergeTrial& operator=(const MergeTrial&) = delete;

  // Errors: retry (a site is missing), reconfigure (sites differ), give_up (the sum is wrong), cancelled (after stop()).
  env::Task<Result<MergeTrialReport>> run();
  void stop();

 private:
  struct Traffic {
    Bytes sent, received;
  };

  SiteId self() const { return settings_.mesh.identity.self; }
  std::uint16_t num_sites() const { return static_cast<std::uint16_t>(settings_.mesh.identity.site_names.size()); }
  links::Mesh::Handlers mesh_handlers();
  env::Task<Result<env::Done>> connect();
  env::Task<Result<env::Done>> agree_on_the_schedule();
  void follow_the_schedule();
  Result<wire::Schedule> schedule_of_the_reports();
  void probe(const wire::ProbeOrder& order);
  void begin_merges();
  env::Task<Result<std::vector<Duration>>> merges(std::uint32_t first, std::uint32_t count);
  env::Task<Result<Duration>> merge(Version version);
  void close_before(Version version);
  env::Task<Result<env::Done>> check_sum();
  env::Task<env::Done> part();
  void receive(SiteId from, wire::Message message);
  void take(SiteId from, const wire::Chunk& chunk);
  void send(reduce::Sends sends);
  reduce::Execution& execution(Version version);
  Traffic traffic() const;
  env::Task<env::Done> all_acknowledged();
  void note_links(MergeTrialReport& report) const;
  void look_for_the_lost();
  Error late(const std::string& what) const;
  Error too_early(SiteId from) const;

  MergeTrialSettings settings_;
  Services services_;
  Handlers handlers_;
  env::Waiting waiting_;
  links::Mesh mesh_;
  links::Probe probe_;
  std::map<SiteId, wire::ProbeReport> reports_;  // at site 0
  std::optional<wire::Schedule> schedule_;       // that was agreed on
  std::set<SiteId> done_;                        // sites that have all they need
  std::map<SiteId, Duration> silent_;            // for so long, of those that are needed
  std::vector<float> contribution_;
  std::vector<reduce::SetMember> set_;                 // once all are connected
  std::vector<std::pair<SiteId, wire::Chunk>> early_;  // that came before
  Bytes early_bytes_;
  Traffic before_;                     // the merges
  std::vector<Duration> round_trips_;  // since measuring began
  std::map<Version, reduce::Execution> executions_;
  std::vector<float> spare_result_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // for what the worker posts
};

}  // namespace intertie::trial
