// What a site's process and the sampler ask for a model, and who makes it: intertie-trainer (LibTorch models) and `intertie`
// (the toy problem) differ in nothing else. Values; the factory is called on the main thread, before the loop runs or on it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "intertie/base/ids.h"
#include "intertie/base/result.h"
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

}  // namespace intertie::site
