// merge(): one version of the model at one site, from the samples to the merged parameters. The line of ARCHITECTURE.md as
// code; the methods differ in what they contribute and where the optimiser runs, and in nothing else. Owner thread: the loop
// (steps run on the worker).
#pragma once

#include <cstdint>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/env/task.h"
#include "intertie/sync/site_state.h"

namespace intertie::sync {

struct MergeReport {
  MergeId merge;
  Lap lap;
  wire::Progress before;
  std::vector<SiteId> set;  // whose contributions it contains
  bool ordered = false;     // a change of members found it open
  wire::OrderKind order = wire::OrderKind::adopt;
  double loss = 0;                    // mean of this site's inner steps
  double gradient_norm = 0;           // mean, before clipping
  double learning_rate = 0;           // of the last step
  std::uint64_t num_duplicates = 0;   // parts that came again and were dropped
  std::optional<Hash64> anchor_hash;  // if it is to be compared for this version
};

// Makes version `site.version() + 1`. On an error the version stays; what the model holds then is of no use.
env::Task<Result<MergeReport>> merge(SiteState& site);

// The last part of it: what the sites agreed on becomes the model. Also for a site that was given the result afterwards;
// `report` has the lap. Worker thread.
void apply_result(SiteState& site, std::span<const float> result, MergeReport& report);

}  // namespace intertie::sync
