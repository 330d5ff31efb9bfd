// Long series made short enough to draw, without losing what stands out. Linear time; pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "intertie/status/report_history.h"

namespace intertie::status {

struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

// At most `most` points and the two ends: the lowest and the highest of each of most/2 equal parts of the x range. `points` are
// finite and ascend in x.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most);

// At most `most` intervals of at least 1/most of the time each, with shares weighted by time. Intervals that do not touch
// stay apart.
std::vector<SharePoint> thinned(const std::vector<SharePoint>& intervals, std::size_t most);

// By tokens: what a resumed run did again replaces what it had done before. `curve` is in order of time.
std::vector<Point> by_tokens(const std::vector<LossPoint>& curve);

}  // namespace intertie::status
