// Text drawn from a run's newest checkpoint, printed to standard output. Used by intertie-trainer. Main thread.
#pragma once

#include "intertie/site/site_process.h"

namespace intertie::site {

ExitCode run_sample(const SampleCommand& command, const ModelFactory& make_model);

}  // namespace intertie::site
