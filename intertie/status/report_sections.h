// The parts of the report's page that have charts. For report_html; pure; any thread.
#pragma once

#include <string>

#include "intertie/status/report_figures.h"

namespace intertie::status {

std::string loss_section(const RunHistory& history, const RunFigures& figures);
std::string events_section(const RunHistory& history, const RunFigures& figures);  // with what was lost
std::string time_section(const RunHistory& history);
std::string links_section(const RunHistory& history, const RunFigures& figures);

// A part of the page with its heading.
std::string section(const std::string& heading, const std::string& content);
// The site's name in its colour; for one that is not of the run in none.
std::string site_name(const RunHistory& history, const std::string& site);

}  // namespace intertie::status
