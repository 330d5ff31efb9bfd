// How long a merge takes at the least over a map, whatever the schedule: sites may sum on the way, pass on and copy as they
// like, which the schedules that are made here need not. docs/schedule.md proves both parts. Pure; any thread.
#pragma once

#include <algorithm>

#include "intertie/reduce/map.h"
#include "intertie/reduce/schedule.h"

namespace intertie::reduce {

struct Bound {
  Duration trees{0};      // linear programme: what must be sent over all, on its way into and out of sums
  Duration partition{0};  // of the sites into two: what must cross, and the way on from there
  Duration time() const { return std::max(trees, partition); }
};
// For a merge of all the map's sites. Of its Work only what is merged counts. A map whose sites cannot reach one another: zero.
Bound lower_bound(const Map& map, const Work& work);

}  // namespace intertie::reduce
