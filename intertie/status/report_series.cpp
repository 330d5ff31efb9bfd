#include "intertie/status/report_series.h"

#include <algorithm>

namespace intertie::status {
namespace {

// Adds the interval to the one before it, weighted by time.
void join(SharePoint& last, const SharePoint& next) {
  const double a = last.end - last.begin;
  const double b = next.end - next.begin;
  const auto mean = [a, b](double x, double y) { return (a * x + b * y) / (a + b); };
  last.computing = mean(last.computing, next.computing);
  last.waiting = mean(last.waiting, next.waiting);
  last.encoding = mean(last.encoding, next.encoding);
  last.end = next.end;
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 4) return points;
  const std::size_t num_parts = most / 2;
  const double begin = points.front().x;
  const double width = std::max(points.back().x - begin, 1e-12) / static_cast<double>(num_parts);
  const auto part_of = [&](const Point& point) {
    return std::min(num_parts - 1, static_cast<std::size_t>(std::max(0.0, (point.x - begin) / width)));
  };
  std::vector<Point> kept{points.front()};
  for (std::size_t i = 0; i < points.size();) {
    const std::size_t part = part_of(points[i]);
    std::size_t low = i, high = i;
    for (; i < points.size() && part_of(points[i]) <= part; ++i) {
      if (points[i].y < points[low].y) low = i;
      if (points[i].y > points[high].y) high = i;
    }
    for (const std::size_t chosen : {std::min(low, high), std::max(low, high)}) {
      if (points[chosen] != kept.back()) kept.push_back(points[chosen]);
    }
  }
  if (points.back() != kept.back()) kept.push_back(points.back());
  return kept;
}

std::vector<SharePoint> thinned(const std::vector<SharePoint>& intervals, std::size_t most) {
  if (intervals.size() <= most || most == 0) return intervals;
  const double width = (intervals.back().end - intervals.front().begin) / static_cast<double>(most);
  const double touching = width / 2;  // what is apart by less than can be seen
  std::vector<SharePoint> kept;
  for (const SharePoint& next : intervals) {
    const bool joins = !kept.empty() && kept.back().end - kept.back().begin < width && next.begin - kept.back().end < touching;
    if (joins) {
      join(kept.back(), next);
    } else {
      kept.push_back(next);
    }
  }
  return kept;
}

std::vector<Point> by_tokens(const std::vector<LossPoint>& curve) {
  std::vector<Point> points;
  for (const LossPoint& point : curve) {
    while (!points.empty() && points.back().x >= point.tokens) points.pop_back();
    points.push_back({point.tokens, point.loss});
  }
  return points;
}

}  // namespace intertie::status
