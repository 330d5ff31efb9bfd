// What the launcher tells a site of a local run while it runs: lines on its standard input. Written and read here only, so that
// both sides agree. Values; pure; any thread.
//
//   cut columbus      nothing crosses the link to columbus any more, and nobody is told
//   mend columbus     it does again
//   leave             the site leaves the run, and the others go on
#pragma once

#include <string>
#include <string_view>

#include "intertie/base/result.h"

namespace intertie::site {

struct ControlLine {
  enum class Kind { cut, mend, leave };
  Kind kind = Kind::cut;
  std::string site;  // at the other end of the link; empty: leave
  std::string text() const;
  friend bool operator==(const ControlLine&, const ControlLine&) = default;
};

// Errors (reconfigure): no such line.
Result<ControlLine> parse_control_line(std::string_view text);

}  // namespace intertie::site
