// What a Run is given and what it returns. Values, but for the services, which are borrowed and outlive it. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intertie/base/event.h"
#include "intertie/base/hash.h"
#include "intertie/base/ids.h"
#include "intertie/data/evaluation.h"
#include "intertie/data/sampler.h"
#include "intertie/env/disk.h"
#include "intertie/env/loop.h"
#include "intertie/env/network.h"
#include "intertie/links/path.h"
#include "intertie/sync/planned_death.h"
#include "intertie/sync/settings.h"
#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::sync {

struct RunSettings {
  std::string run;
  SiteId self;
  std::vector<std::string> site_names;                  // in site order
  std::vector<env::Address> addresses;                  // that sites dial, in site order
  std::vector<env::Address> listen;                     // where this site listens; empty: at its own address
  std::vector<std::vector<links::PathSettings>> paths;  // to each site
  std::vector<int> batch_sizes;                         // sequences per step of each site
  int sequence_length = 64;
  std::optional<Duration> step_time;  // this site is paced
  Settings sync;
  train::Settings train;
  std::string folder;  // this site's state: checkpoints, incarnation, store
  bool resume = false;
  bool fresh = false;  // remove what an earlier start of the run left
  Hash64 agreement;
  std::string agreement_text;
  Hash64 data;
  std::map<std::string, std::string> carried = {};  // into every manifest, for whoever only uses the model
  Duration start_wait = std::chrono::minutes(2);    // for the others to appear
  Duration store_wait = std::chrono::minutes(10);   // for the store's holder, where this site cannot go on without it
  Duration lost_after = std::chrono::seconds(3);    // a site that is heard of by no way for so long is no member any more
  Duration progress_every = std::chrono::seconds(5);
  std::optional<PlannedDeath> dies_at = std::nullopt;
};

// What the starts of a site within one process have done, one after the other: the figures of run.finished and link.measured
// are of all of them. Whoever makes a Run that comes back gives it what the one before it had.
struct ProcessSums {
  std::optional<env::TimePoint> began;  // when the first of them took part
  Duration computing{0}, waiting{0}, encoding{0};
  std::uint64_t tokens = 0;                        // that the site trained on
  std::map<SiteId, Bytes> sent_to, received_from;  // over the links of starts that are over
};

struct RunServices {
  env::Loop& loop;
  env::Worker& worker;
  env::Network& network;
  env::Disk& disk;
  train::LocalStep& model;
  const data::Sampler& samples;
  const data::EvaluationWindows* validation = nullptr;  // of the site that evaluates (the first)
  EventSink& events;
  ProcessSums& sums;
  std::function<void(std::unique_ptr<env::Connection>)> visitor = {};  // who connects without being a site; none: closed
  std::function<void()> die = {};  // ends the process at once; needed where a death is planned
};

struct Outcome {
  bool stopped = false;  // by request, at a checkpoint; else the run is complete
  bool left = false;     // this site did, and the others go on
  Version version;
  std::uint64_t tokens = 0;
  Hash64 parameters;  // equal at all sites
};

}  // namespace intertie::sync
