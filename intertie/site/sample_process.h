// Text drawn from a run's newest checkpoint, printed to standard output. Used by intertie-trainer. Main thread.
#pragma once

#include "intertie/site/exit_code.h"
#include "intertie/site/model_factory.h"
#include "intertie/site/programs.h"

namespace intertie::site {

ExitCode run_sample(const SampleCommand& command, const ModelFactory& make_model);

}  // namespace intertie::site
