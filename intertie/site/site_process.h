// The process of one site: run file and command line -> objects -> loop. The only place, with the launcher, that chooses
// implementations. Used by intertie-trainer (LibTorch models) and by `intertie` for the toy problem.
// Owner thread: the main thread, which becomes the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "intertie/base/ids.h"
#include "intertie/base/result.h"
#include "intertie/site/exit_code.h"
#include "intertie/site/programs.h"
#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::site {

struct ModelRequest {
  train::ModelSettings model;  // vocab_size set
  std::string device;
  std::string precision;
  int threads = 1;
  std::uint64_t seed = 1;
  SiteId site = {};  // the first parameters do not depend on it
};
using ModelFactory = std::function<Result<std::unique_ptr<train::LocalStep>>(const ModelRequest&)>;

// The toy problem; an error for any other kind.
Result<std::unique_ptr<train::LocalStep>> make_toy_only(const ModelRequest& request);

// Runs the site to its end; prints what a person wants to see, and, if it fails, one line that begins with "error: ".
ExitCode run_site(const SiteCommand& command, const ModelFactory& make_model);

}  // namespace intertie::site
