// The report of a run as one HTML page that needs nothing else: no network, no script, no file beside it. The same history
// makes the same bytes. Every tag is closed (it is XML too), and nothing from logs or files can become markup. Pure; any
// thread.
#pragma once

#include <string>

#include "intertie/status/report_figures.h"

namespace intertie::status {

std::string report_html(const RunHistory& history);

}  // namespace intertie::status
