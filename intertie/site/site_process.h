// The process of one site: run file and command line -> objects -> loop. The only place, with the launcher, that chooses
// implementations. Used by intertie-trainer (LibTorch models) and by `intertie` for the toy problem.
// Owner thread: the main thread, which becomes the loop.
#pragma once

#include "intertie/site/exit_code.h"
#include "intertie/site/model_factory.h"
#include "intertie/site/programs.h"

namespace intertie::site {

// Runs the site to its end; prints what a person wants to see, and, if it fails, one line that begins with "error: ".
ExitCode run_site(const SiteCommand& command, const ModelFactory& make_model);

}  // namespace intertie::site
