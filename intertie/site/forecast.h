// What a run file means in figures, before anything runs: for `intertie check`. Closed forms; pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/units.h"
#include "intertie/reduce/bound.h"
#include "intertie/reduce/schedule.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

// Of the model or the toy problem. `vocabulary`: the tokenizer's, where the run file has none.
Result<std::uint64_t> num_parameters(train::ModelSettings model, int vocabulary);

// Of contributions and results as [sync] encodes them.
reduce::ElementBytes element_bytes(const RunFile& file);

struct LinkForecast {
  std::string a, b;
  Bytes each_way;                      // per merge; the larger, where they differ
  std::optional<Duration> merge_time;  // of this link alone: bytes over rate, and its delays; where the rate is stated
};

struct Forecast {
  std::uint64_t parameters = 0;
  std::uint64_t steps = 0;
  std::uint64_t merges = 0;
  std::uint64_t tokens_per_step = 0;
  bool gather = false;   // every site gets every contribution; else owners sum
  Bytes memory;          // of a site: parameters, gradient, moments, anchor, momentum, buffers of a merge; no activations
  Bytes sent_per_merge;  // by the site that sends most
  std::vector<LinkForecast> links;     // every pair of sites
  std::optional<Duration> merge_time;  // empty where a link has no rate
  std::optional<Duration> step_time;   // of the slowest paced site
  std::optional<double> utilisation;   // where both are known: computing / (computing + waiting for the merge)
};

Forecast forecast(const RunFile& file, std::uint64_t parameters);

// The best schedule over the links that the run file states, beside that of equal shares and what no schedule can be below.
struct ScheduleForecast {
  reduce::Scheduled best;
  reduce::Bound bound;
  Duration equal_shares{0};
};
// Errors (reconfigure): fewer than two sites, or a link that has no rate.
Result<ScheduleForecast> forecast_schedule(const RunFile& file, std::uint64_t parameters);

}  // namespace intertie::site
