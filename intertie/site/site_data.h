// The text of a run as its sites use it: encoded, held to what a step and an evaluation need, with messages that say where the
// run file names it. Used by `check`, by the local launcher before it starts anything, and by every site.
// Blocks on the disk; values; any thread.
#pragma once

#include <optional>

#include "intertie/base/result.h"
#include "intertie/data/corpus.h"
#include "intertie/data/evaluation.h"
#include "intertie/data/sampler.h"
#include "intertie/env/disk.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

struct Samples {
  data::Sampler train;
  std::optional<data::EvaluationWindows> validation;  // where the run evaluates and has held-out text
};

struct SiteData {
  data::Corpus corpus;
  Samples samples;
};

// Errors (reconfigure): text that is not there, too short for a step of all sites or for an evaluation, or with more kinds of
// token than the model has. Nothing is written to `cache` before all that is right; its `accept` is set here.
Result<SiteData> open_site_data(const RunFile& file, env::Disk& disk, data::ShardCache cache);

}  // namespace intertie::site
