// What each way of a schedule carries, as a rate: how links divide merges over ways (links/dispatch.h). Pure; any thread.
#pragma once

#include <vector>

#include "intertie/links/route.h"
#include "intertie/reduce/schedule.h"

namespace intertie::reduce {

// Over the whole time of a merge, as the schedule paces its links. None where it paces none.
std::vector<links::PlannedWay> planned_ways(const wire::Schedule& schedule, ElementBytes element);

}  // namespace intertie::reduce
