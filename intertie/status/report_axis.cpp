#include "intertie/status/report_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace intertie::status {
namespace {

struct Scale {
  double factor;
  const char* suffix;
};

Scale scale_for(double largest) {
  for (const Scale& scale : {Scale{1e12, " T"}, Scale{1e9, " B"}, Scale{1e6, " M"}, Scale{1e3, " k"}}) {
    if (largest >= scale.factor * (scale.factor == 1e3 ? 10 : 1)) return scale;
  }
  return {1, ""};
}

double nice_step(double span, int wanted) {
  const double raw = span / wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) return factor * power;
  }
  return 10 * power;
}

std::string tick_label(double value, double step, Scale scale) {
  if (value == 0) return "0";
  const double of_step = step / scale.factor;
  const int decimals = of_step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(of_step) - 1e-9));
  if (decimals > 9) return fmt::format("{:.1e}", value);
  return fmt::format("{:.{}f}{}", value / scale.factor, decimals, scale.suffix);
}

// The extent as it can be drawn: never empty, never so narrow that neighbouring values are the same number.
Extent drawable(Extent extent) {
  if (extent.empty()) extent = {.low = 0, .high = 1};
  const double least = std::max({std::abs(extent.low), std::abs(extent.high), 1e-6}) * 1e-6;
  if (extent.high - extent.low < least) {
    extent.low -= least;
    extent.high += least;
  }
  return extent;
}

void add_ticks(Axis& axis, double step) {
  const Scale scale = scale_for(std::max(std::abs(axis.low), std::abs(axis.high)));
  const auto first = static_cast<std::int64_t>(std::ceil(axis.low / step - 1e-6));
  const auto last = static_cast<std::int64_t>(std::floor(axis.high / step + 1e-6));
  for (std::int64_t i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    axis.ticks.push_back({value, tick_label(value, step, scale)});
  }
}

// "1 h 30 min", of a multiple of `step`.
std::string time_label(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (seconds < 1 && seconds > 0) return fmt::format("{:g} s", std::round(seconds * 1e6) / 1e6);
  if (whole < 60) return fmt::format("{} s", whole);
  const std::int64_t minutes = whole / 60;
  if (whole < 3600) return whole % 60 == 0 ? fmt::format("{} min", minutes) : fmt::format("{} min {} s", minutes, whole % 60);
  if (whole < 86400)
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
  const std::int64_t hours = whole / 3600;
  return hours % 24 == 0 ? fmt::format("{} d", hours / 24) : fmt::format("{} d {} h", hours / 24, hours % 24);
}

}  // namespace

void Extent::add(double value) {
  if (!std::isfinite(value)) return;
  low = empty() ? value : std::min(low, value);
  high = std::max(high, value);
}

Axis exact_axis(Extent extent, int wanted) {
  extent = drawable(extent);
  Axis axis{.low = extent.low, .high = extent.high, .ticks = {}};
  add_ticks(axis, nice_step(axis.high - axis.low, wanted));
  return axis;
}

Axis number_axis(Extent extent, int wanted) {
  extent = drawable(extent);
  const double step = nice_step(extent.high - extent.low, wanted);
  Axis axis{
      .low = std::floor(extent.low / step + 1e-6) * step, .high = std::ceil(extent.high / step - 1e-6) * step, .ticks = {}};
  add_ticks(axis, step);
  return axis;
}

Axis time_axis(double seconds, int wanted) {
  constexpr std::array<double, 24> kSteps = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5,  1,    2,    5,     10,    15,    30,
                                             60,   120,  300,  600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
  const double high = std::clamp(std::isfinite(seconds) ? seconds : 0.0, 0.01, 1e12);
  const auto fits = std::find_if(kSteps.begin(), kSteps.end(), [&](double step) { return high / step <= wanted; });
  const double step = fits != kSteps.end() ? *fits : 86400 * std::max(1.0, std::ceil(nice_step(high / 86400, wanted)));
  Axis axis{.low = 0, .high = high, .ticks = {}};
  for (int i = 0; i * step <= high * (1 + 1e-9); ++i) axis.ticks.push_back({i * step, time_label(i * step)});
  return axis;
}

}  // namespace intertie::status
