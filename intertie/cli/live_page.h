// The live view as lines for a terminal. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/env/real/terminal.h"
#include "intertie/status/live_view.h"

namespace intertie::cli {

inline std::vector<std::string> live_page(const status::LiveRun& run, const status::LiveFoot& foot, Duration now,
                                          status::LiveSize size, env::real::Terminal::Traits traits) {
  std::vector<std::string> lines;
  for (const status::LiveLine& line :
       status::render(run, foot, now, size, {.colour = traits.colour, .unicode = traits.unicode})) {
    lines.push_back(status::terminal_text(line, traits.colour));
  }
  return lines;
}

// Without the empty lines at its end.
inline std::vector<std::string> without_blank_end(std::vector<std::string> page) {
  while (!page.empty() && page.back().find_first_not_of(' ') == std::string::npos) page.pop_back();
  return page;
}

}  // namespace intertie::cli
