// LiveTable: columns of cells; where the width does not do for all of them, the least important are left out. For
// live_view.cpp. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/status/live_text.h"

namespace intertie::status {

struct LiveColumn {
  std::string title;
  int importance = 0;  // the lowest goes first
  bool right = false;  // figures
  std::vector<LiveLine> cells;
  int most = 1000;  // columns that it may take
};

// The title's line, then one for each cell; a gap of two between columns.
std::vector<LiveLine> table_lines(std::vector<LiveColumn> columns, int width, LiveLook look);

}  // namespace intertie::status
