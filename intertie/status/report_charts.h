// The report's charts as SVG: pure functions from values to pictures. Colours are classes of the page (report_style.cpp): s0,
// s1,
// ... for sites in site order. Any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/status/report_axis.h"
#include "intertie/status/report_svg.h"

namespace intertie::status {

inline constexpr std::size_t kMostCurvePoints = 600;

struct Curve {
  std::string label;                      // written at its end
  std::string css;                        // of its colour
  std::vector<std::vector<Point>> parts;  // ascending in x; nothing is drawn between two parts
  bool dots = false;                      // a mark at each point, and no label at the end but above
};

struct LineChart {
  std::string meaning;
  std::string x_title, y_title;
  Axis x, y;
  std::vector<Curve> curves;
  std::vector<double> cuts;  // x where time was left out
  PictureSize size{.width = 520, .height = 290};
};

std::string line_chart(const LineChart& chart);

// Shares of time, stacked (computing, encoding, waiting): a band for each site, one below the other over one axis.
struct ShareBand {
  std::string label;
  std::string css;  // of its colour
  std::vector<SharePoint> shares;
};
struct ShareChart {
  std::string meaning;
  Axis x;
  std::vector<ShareBand> bands;
  std::vector<double> cuts;
  double width = 1080;
};

std::string share_chart(const ShareChart& chart);

// The class of the i-th site.
std::string site_css(std::size_t site);

// Parts for a chart's decoration, shared with the timeline.
struct Plot {
  double left = 0, right = 0, top = 0, bottom = 0;
  Axis x, y;
  double px(double value) const { return left + (right - left) * (value - x.low) / (x.high - x.low); }
  double py(double value) const { return bottom - (bottom - top) * (value - y.low) / (y.high - y.low); }
};

// Ticks and their labels below the plot; labels that would touch the one before are left out.
void draw_x_axis(Svg& svg, const Plot& plot, const std::string& title);
// Dashed, from top to bottom.
void draw_cuts(Svg& svg, const Plot& plot, const std::vector<double>& cuts);

}  // namespace intertie::status
