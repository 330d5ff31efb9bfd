// For this folder's sources.
#pragma once

#include <string>

#include "intertie/base/result.h"

namespace intertie::sync {

// What another site sent makes no sense. Whoever took the message says where it came from.
inline Error misfit(std::string what) {
  return {.code = ErrorCode::give_up, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

}  // namespace intertie::sync
