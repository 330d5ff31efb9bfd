// LiveView: a run as lines for a terminal of any size: a row for each site and for each link, the whole run's progress, the
// last events, and the keys. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "intertie/status/live_model.h"
#include "intertie/status/live_text.h"

namespace intertie::status {

// What the keys do, below the view.
struct LiveFoot {
  std::optional<std::size_t> chosen;                      // a site
  std::string question;                                   // that the next key answers; before the keys
  std::vector<std::pair<std::string, std::string>> keys;  // "k", "kill"
};

struct LiveSize {
  int width = 80;
  int height = 24;
};

// At most `height` lines of at most `width` columns each; what does not fit is left out, the least important first. `now`: on
// the clock of the events. Any size is taken; below 40 columns or 8 rows little is to be seen.
std::vector<LiveLine> render(const LiveRun& run, const LiveFoot& foot, Duration now, LiveSize size, LiveLook look);

}  // namespace intertie::status
