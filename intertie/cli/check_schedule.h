// The schedule of `intertie check --schedule`, as lines and as JSON. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "intertie/base/json.h"
#include "intertie/site/forecast.h"

namespace intertie::cli {

// (name, value) of each line; `sites` are their names in site order.
using ScheduleRows = std::vector<std::pair<std::string, std::string>>;
ScheduleRows schedule_rows(const site::ScheduleForecast& forecast, const std::vector<std::string>& sites);

Json schedule_json(const site::ScheduleForecast& forecast, const std::vector<std::string>& sites);

}  // namespace intertie::cli
