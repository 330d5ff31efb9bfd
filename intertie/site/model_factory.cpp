#include "intertie/site/model_factory.h"

#include <fmt/format.h>

#include "intertie/train/toy.h"

namespace intertie::site {

Result<std::unique_ptr<train::LocalStep>> make_toy_only(const ModelRequest& request) {
  if (request.model.kind == "toy") return train::make_toy(request.model, request.seed);
  return Error{.code = ErrorCode::reconfigure,
               .where = "model.kind",
               .what = fmt::format("\"{}\" needs the program intertie-trainer", request.model.kind),
               .fix = "build it with ./dev build",
               .cause = {}};
}

}  // namespace intertie::site
