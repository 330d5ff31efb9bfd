// The picture of who was there: one row for each site and link, numbered marks for what happened. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/status/report_charts.h"
#include "intertie/status/report_entries.h"
#include "intertie/status/report_figures.h"
#include "intertie/status/report_periods.h"

namespace intertie::status {

struct TimelinePicture {
  std::string svg;
  std::size_t num_quiet_links = 0;  // that were direct throughout and have no row
};

// `entries` are numbered from 1 in their order, as the table below the picture is; those for which there is no room have no
// mark.
TimelinePicture timeline_picture(const RunHistory& history, const RunFigures& figures, const std::vector<Entry>& entries,
                                 double width);

}  // namespace intertie::status
