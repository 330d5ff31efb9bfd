#include "intertie/status/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intertie/status/figures.h"

namespace intertie::status {
namespace {

constexpr std::size_t kMostDots = 150;  // of a curve
constexpr double kBandHeight = 58;      // of a site's shares
constexpr double kBandStep = 72;        // from one band to the next
constexpr double kColumn = 4;           // least width of an interval's shares
constexpr double kLine = 15;            // from one label to the next

// Right of the plot, beside its curve's end.
struct EndLabel {
  std::string text, css;
  double wanted = 0, y = 0;
};

// Moves labels apart that would cover each other, as little as it can, within [top, bottom]; what does not fit is dropped.
void spread(std::vector<EndLabel>& labels, double top, double bottom) {
  std::stable_sort(labels.begin(), labels.end(), [](const EndLabel& a, const EndLabel& b) { return a.wanted < b.wanted; });
  const auto fit = static_cast<std::size_t>(std::max(1.0, (bottom - top) / kLine + 1));
  if (labels.size() > fit) labels.resize(fit);
  double free_from = top;
  for (EndLabel& label : labels) {
    label.y = std::max(label.wanted, free_from);
    free_from = label.y + kLine;
  }
  double free_to = bottom;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->y = std::min(label->y, free_to);
    free_to = label->y - kLine;
  }
}

double label_space(const LineChart& chart) {
  double widest = 0;
  for (const Curve& curve : chart.curves) widest = std::max(widest, text_width(curve.label));
  return std::min(widest, chart.size.width / 4);
}

void draw_y_axis(Svg& svg, const Plot& plot) {
  for (const Tick& tick : plot.y.ticks) {
    const double y = plot.py(tick.value);
    svg.line({plot.left, y}, {plot.right, y}, "grid");
    svg.text({.x = plot.left - 7, .y = y + 4, .text = tick.label, .css = "tick", .anchor = "end"});
  }
}

void draw_curve(Svg& svg, const Plot& plot, const Curve& curve) {
  svg.begin_group(curve.css);
  for (const std::vector<Point>& part : curve.parts) {
    std::vector<Point> points = thinned(part, curve.dots ? kMostDots : kMostCurvePoints);
    std::vector<Point> drawn;
    for (const Point& point : points) drawn.push_back({plot.px(point.x), std::clamp(plot.py(point.y), plot.top, plot.bottom)});
    if (drawn.empty()) continue;
    svg.polyline(drawn, curve.dots ? "line thin" : "line");
    if (!curve.dots) continue;
    for (std::size_t i = 0; i < drawn.size(); ++i)
      svg.dot(drawn[i], 3, "dot", fmt::format("{}: {}", curve.label, fixed(points[i].y, 4)));
  }
  svg.end_group();
}

void draw_end_labels(Svg& svg, const Plot& plot, const LineChart& chart) {
  std::vector<EndLabel> labels;
  for (const Curve& curve : chart.curves) {
    if (curve.parts.empty() || curve.parts.back().empty()) continue;
    const double y = std::clamp(plot.py(curve.parts.back().back().y), plot.top, plot.bottom);
    labels.push_back({.text = fitted(curve.label, chart.size.width / 4), .css = curve.css, .wanted = y, .y = y});
  }
  spread(labels, plot.top + 4, plot.bottom - 2);
  for (const EndLabel& label : labels) {
    svg.begin_group(label.css);
    svg.text({.x = plot.right + 8, .y = label.y + 4, .text = label.text, .css = "name"});
    svg.end_group();
  }
}

// One site's shares between plot.top (all of the time) and plot.bottom (none).
void draw_band(Svg& svg, Plot plot, const ShareBand& band) {
  plot.y = {.low = 0, .high = 1, .ticks = {}};
  for (const double share : {0.0, 0.5, 1.0}) svg.line({plot.left, plot.py(share)}, {plot.right, plot.py(share)}, "grid");
  std::vector<SvgBox> computing, encoding, waiting;
  for (const SharePoint& share : thinned(band.shares, static_cast<std::size_t>((plot.right - plot.left) / kColumn))) {
    const double x = plot.px(share.begin);
    const double width = plot.px(share.end) - x + 0.6;  // over the seam to the next
    double base = 0;
    const auto stack = [&](std::vector<SvgBox>& boxes, double part) {
      const double top = std::min(1.0, base + part);
      if (top > base)
        boxes.push_back(
            {.x = x, .y = plot.py(top), .width = width, .height = plot.py(base) - plot.py(top), .css = {}, .tip = {}});
      base = std::max(base, top);
    };
    stack(computing, share.computing);
    stack(encoding, share.encoding);
    stack(waiting, share.waiting);
  }
  svg.begin_group(band.css);
  svg.boxes(computing, "computing");
  svg.boxes(encoding, "encoding");
  svg.boxes(waiting, "waiting");
  svg.end_group();
}

}  // namespace

void draw_x_axis(Svg& svg, const Plot& plot, const std::string& title) {
  double free_from = 0;
  svg.line({plot.left, plot.bottom}, {plot.right, plot.bottom}, "axis");
  for (const Tick& tick : plot.x.ticks) {
    const double x = plot.px(tick.value);
    const double half = text_width(tick.label) / 2;
    svg.line({x, plot.bottom}, {x, plot.bottom + 4}, "axis");
    if (x - half < free_from) continue;
    svg.text({.x = x, .y = plot.bottom + 17, .text = tick.label, .css = "tick", .anchor = "middle"});
    free_from = x + half + 4;
  }
  if (!title.empty()) {
    svg.text({.x = (plot.left + plot.right) / 2, .y = plot.bottom + 34, .text = title, .css = "title", .anchor = "middle"});
  }
}

void draw_cuts(Svg& svg, const Plot& plot, const std::vector<double>& cuts) {
  for (const double cut : cuts) svg.line({plot.px(cut), plot.top}, {plot.px(cut), plot.bottom}, "cut");
}

std::string site_css(std::size_t site) { return fmt::format("s{}{}", site % 8, site >= 8 ? " again" : ""); }

std::string line_chart(const LineChart& chart) {
  double ticks = 0;
  for (const Tick& tick : chart.y.ticks) ticks = std::max(ticks, text_width(tick.label));
  const Plot plot{.left = ticks + 14,
                  .right = chart.size.width - label_space(chart) - 16,
                  .top = 26,
                  .bottom = chart.size.height - 42,
                  .x = chart.x,
                  .y = chart.y};
  Svg svg(chart.size, chart.meaning);
  draw_y_axis(svg, plot);
  draw_x_axis(svg, plot, chart.x_title);
  svg.text({.x = 2, .y = 13, .text = chart.y_title, .css = "title"});
  draw_cuts(svg, plot, chart.cuts);
  for (const Curve& curve : chart.curves) draw_curve(svg, plot, curve);
  draw_end_labels(svg, plot, chart);
  return std::move(svg).done();
}

std::string share_chart(const ShareChart& chart) {
  double names = 40;
  for (const ShareBand& band : chart.bands) names = std::max(names, text_width(band.label));
  names = std::min(names, chart.width / 3);
  Plot plot{.left = names + 16, .right = chart.width - 16, .top = 6, .bottom = 0, .x = chart.x, .y = {}};
  const double bottom = plot.top + kBandStep * static_cast<double>(chart.bands.size()) - (kBandStep - kBandHeight);
  Svg svg({chart.width, bottom + 26}, chart.meaning);
  for (const ShareBand& band : chart.bands) {
    plot.bottom = plot.top + kBandHeight;
    draw_band(svg, plot, band);
    svg.begin_group(band.css);
    svg.text({.x = plot.left - 10, .y = plot.top + 12, .text = fitted(band.label, names), .css = "name", .anchor = "end"});
    svg.end_group();
    plot.top += kBandStep;
  }
  plot.top = 6;
  plot.bottom = bottom;
  draw_cuts(svg, plot, chart.cuts);
  draw_x_axis(svg, plot, "");
  return std::move(svg).done();
}

}  // namespace intertie::status
