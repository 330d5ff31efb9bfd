// The report's figures as JSON, for programs: docs/report.md has its fields. The same history makes the same text. Pure; any
// thread.
#pragma once

#include "intertie/base/json.h"
#include "intertie/status/report_figures.h"

namespace intertie::status {

inline constexpr int kReportSchema = 1;  // raised when a field goes or means something else

Json report_json(const RunHistory& history);

}  // namespace intertie::status
