// How much the other site's system had acknowledged, by time, and the rates between two such moments. Values; any thread.
#pragma once

#include "intertie/base/units.h"
#include "intertie/env/clock.h"

namespace intertie::links {

struct Delivered {
  env::TimePoint at;
  Bytes bytes;
};

// 0 where the second is not later, or has less: a stream that was replaced meanwhile begins at nothing.
inline BitRate rate_between(const Delivered& from, const Delivered& to) {
  if (to.bytes < from.bytes || to.at <= from.at) return {};
  return {8 * static_cast<double>(to.bytes.value - from.bytes.value) / seconds_of(to.at - from.at)};
}

}  // namespace intertie::links
