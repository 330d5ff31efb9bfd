#include "intertie/status/report_sections.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "intertie/status/figures.h"
#include "intertie/status/report_charts.h"
#include "intertie/status/report_markup.h"
#include "intertie/status/summary.h"

namespace intertie::status {
namespace {

std::vector<double> cuts_of(const RunHistory& history) {
  std::vector<double> cuts;
  for (const Pause& pause : history.pauses) cuts.push_back(pause.at);
  return cuts;
}

// From here on a curve has a gap: several times what usually is between two of its points.
double gap_in(const std::vector<Point>& curve) {
  constexpr double kSeveral = 8;
  std::vector<double> gaps;
  for (std::size_t i = 1; i < curve.size(); ++i) gaps.push_back(curve[i].x - curve[i - 1].x);
  if (gaps.empty()) return 0;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return kSeveral * *middle;
}

// In parts: nothing is drawn over the time in which the site, or who it measured, was away. Thinned before, so that a long
// curve of many gaps is no longer than another.
std::vector<std::vector<Point>> parts_of(const std::vector<Point>& curve) {
  const std::vector<Point> points = thinned(curve, kMostCurvePoints);
  const double gap = gap_in(points);
  std::vector<std::vector<Point>> parts(1);
  for (const Point& point : points) {
    if (!parts.back().empty() && point.x - parts.back().back().x > gap) parts.emplace_back();
    parts.back().push_back(point);
  }
  return parts;
}

std::vector<Point> by_time(const std::vector<LossPoint>& curve) {
  std::vector<Point> points;
  for (const LossPoint& point : curve) points.push_back({point.at, point.loss});
  return points;
}

enum class Against { tokens, time };

std::vector<Curve> loss_curves(const RunHistory& history, Against against) {
  std::vector<Curve> curves;
  const auto add = [&](const std::vector<LossPoint>& points, Curve curve) {
    if (points.empty()) return;
    if (against == Against::tokens) curve.parts = {by_tokens(points)};
    if (against == Against::time) curve.parts = curve.dots ? std::vector(1, by_time(points)) : parts_of(by_time(points));
    curves.push_back(std::move(curve));
  };
  for (std::size_t i = 0; i < history.sites.size(); ++i) {
    const SiteHistory& site = history.sites[i];
    add(training_curve(site), {.label = site.site, .css = site_css(i), .parts = {}, .dots = false});
  }
  for (const SiteHistory& site : history.sites) {
    add(site.validation, {.label = "validation", .css = "all", .parts = {}, .dots = true});
  }
  return curves;
}

Extent extent_of(const std::vector<Curve>& curves, double Point::*member) {
  Extent extent;
  for (const Curve& curve : curves) {
    for (const std::vector<Point>& part : curve.parts) {
      for (const Point& point : part) extent.add(point.*member);
    }
  }
  return extent;
}

std::string loss_chart(const RunHistory& history, Against against) {
  LineChart chart;
  const bool time = against == Against::time;
  chart.curves = loss_curves(history, against);
  chart.meaning = time ? "loss of each site against time" : "loss of each site against tokens";
  chart.y_title = "loss (nats per token)";
  chart.x_title = time ? "running time" : "tokens, over all sites";
  chart.y = number_axis(extent_of(chart.curves, &Point::y), 6);
  Extent tokens = extent_of(chart.curves, &Point::x);
  tokens.add(0);
  chart.x = time ? time_axis(history.seconds, 6) : exact_axis(tokens, 6);
  if (time) chart.cuts = cuts_of(history);
  return line_chart(chart);
}

bool uses_merges(const RunHistory& history) {
  return std::any_of(history.sites.begin(), history.sites.end(),
                     [](const SiteHistory& site) { return training_curve(site).size() != site.training.size(); });
}

// From one site to each of the others.
LineChart rate_chart(const RunHistory& history, const SiteHistory& site) {
  LineChart chart;
  chart.meaning = "Mbit/s that " + site.site + " sent to each other site";
  chart.y_title = "Mbit/s from " + site.site;
  chart.size.height = 210;
  for (std::size_t i = 0; i < history.sites.size(); ++i) {
    const auto found = site.links.find(history.sites[i].site);
    if (found == site.links.end()) continue;
    std::vector<Point> rates;
    for (const LinkPoint& point : found->second) {
      if (std::isfinite(point.mbit_per_second)) rates.push_back({point.at, point.mbit_per_second});
    }
    if (rates.empty()) continue;
    chart.curves.push_back({.label = "to " + found->first, .css = site_css(i), .parts = parts_of(rates), .dots = false});
  }
  return chart;
}

std::string rate_charts(const RunHistory& history) {
  std::vector<LineChart> charts;
  Extent extent;
  extent.add(0);
  for (const SiteHistory& site : history.sites) {
    LineChart chart = rate_chart(history, site);
    const Extent own = extent_of(chart.curves, &Point::y);
    extent.add(own.low);
    extent.add(own.high);
    if (!chart.curves.empty()) charts.push_back(std::move(chart));
  }
  std::string figures;
  for (LineChart& chart : charts) {
    chart.y = number_axis(extent, 4);
    chart.x = time_axis(history.seconds, 6);
    chart.cuts = cuts_of(history);
    figures += figure(line_chart(chart), "");
  }
  return figures.empty() ? "" : element("div class=\"charts\"", figures);
}

std::vector<Cell> link_row(const RunHistory& history, const LinkFigures& link, double most) {
  const double share = most > 0 ? link.bytes_sent / most : 0;
  const auto from =
      std::find_if(history.sites.begin(), history.sites.end(), [&](const auto& site) { return site.site == link.from; });
  const std::string css = site_css(static_cast<std::size_t>(from - history.sites.begin()));
  const std::string range = std::isfinite(link.mbit_per_second) ? fmt::format("{} to {}", fixed(link.least_mbit_per_second, 1),
                                                                              fixed(link.most_mbit_per_second, 1))
                                                                : "-";
  return {{site_name(history, link.from), ""},
          {site_name(history, link.to), ""},
          {bytes_to_string(link.bytes_sent), "number"},
          {element(fmt::format("span class=\"bar {}\" style=\"width:{:.1f}%\"", css, 100 * share), ""), "meter"},
          {fixed(link.mbit_per_second, 1), "number"},
          {range, "number"},
          {fixed(link.rtt_ms, 1), "number"}};
}

}  // namespace

std::string section(const std::string& heading, const std::string& content) {
  return element("section", element("h2", heading) + "\n" + content) + "\n";
}

std::string site_name(const RunHistory& history, const std::string& site) {
  for (std::size_t i = 0; i < history.sites.size(); ++i) {
    if (history.sites[i].site == site) return element(fmt::format("span class=\"site {}\"", site_css(i)), escaped(site));
  }
  return escaped(site);
}

std::string loss_section(const RunHistory& history, const RunFigures& figures) {
  if (loss_curves(history, Against::time).empty()) {
    return section("Loss", element("p class=\"note\"", "No log has a loss: the run was too short, or has only begun."));
  }
  std::string caption = uses_merges(history) ? "Training loss: mean over the steps of each merge."
                                             : "Training loss: mean over each progress interval.";
  if (std::isfinite(figures.validation_loss)) caption += " Dots: loss on held-out text.";
  if (figures.num_resumes > 0) caption += " Against tokens, what was trained on again replaces what was there before.";
  return section("Loss", element("div class=\"charts\"", figure(loss_chart(history, Against::tokens), "") +
                                                             figure(loss_chart(history, Against::time), "")) +
                             element("p class=\"key\"", caption));
}

std::string time_section(const RunHistory& history) {
  ShareChart chart{.meaning = "where the time of each site went", .x = {}, .bands = {}, .cuts = cuts_of(history)};
  for (std::size_t i = 0; i < history.sites.size(); ++i) {
    const SiteHistory& site = history.sites[i];
    if (!site.shares.empty()) chart.bands.push_back({.label = site.site, .css = site_css(i), .shares = site.shares});
  }
  const std::string heading = "Where the time went";
  if (chart.bands.empty()) return section(heading, element("p class=\"note\"", "The run was too short for a progress line."));
  const auto picture = [&](const char* css, double width) {
    chart.width = width;
    chart.x = time_axis(history.seconds, static_cast<int>(width / 90));
    return element(fmt::format("div class=\"{}\"", css), share_chart(chart));
  };
  const auto swatch = [](const char* css, const char* words) {
    return element(fmt::format("span class=\"swatch {}\"", css), "") + words;
  };
  const std::string key = swatch("computing", "computing") + swatch("encoding", "encoding and summing") +
                          swatch("waiting", "waiting for other sites") +
                          swatch("rest", "other: evaluation, checkpoints, starting");
  return section(heading, element("p class=\"key\"", key) + figure(picture("broad", 1080) + picture("narrow", 420), ""));
}

std::string links_section(const RunHistory& history, const RunFigures& figures) {
  if (figures.links.empty()) {
    return section("Links", element("p class=\"note\"", "No link was measured: one site, or a run too short for it."));
  }
  double most = 0;
  for (const LinkFigures& link : figures.links) most = std::max(most, link.bytes_sent);
  std::vector<std::vector<Cell>> rows;
  for (const LinkFigures& link : figures.links) rows.push_back(link_row(history, link, most));
  const std::string head = table({{"from", ""},
                                  {"to", ""},
                                  {"sent", "number"},
                                  {"", "meter"},
                                  {"Mbit/s, median", "number"},
                                  {"least to most", "number"},
                                  {"round trip, ms", "number"}},
                                 rows);
  const std::string note =
      element("p class=\"key\"",
              "Bytes up to the last measurement, with frames and heartbeats, without TLS. Rates are of the time in which "
              "there was something to send; round trips are medians.");
  return section("Links", head + note + rate_charts(history));
}

}  // namespace intertie::status
