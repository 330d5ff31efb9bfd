#include "intertie/status/report_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "intertie/status/figures.h"

namespace intertie::status {
namespace {

constexpr double kRow = 24;                // height, with the space to the next
constexpr double kBand = 14;               // height of what is drawn in it
constexpr std::size_t kMostLinks = 6;      // with more, only those that were not direct throughout
constexpr std::size_t kMostPeriods = 400;  // of a row, twice as many where long and short ones alternate
constexpr double kMark = 17;               // width of a numbered mark
constexpr double kMarkStep = 19;           // from one row to the next
constexpr std::size_t kMarkRows = 2;

bool was_always_direct(const LinkPeriods& row) {
  return std::none_of(row.periods.begin(), row.periods.end(), [](const LinkPeriod& period) {
    return period.state == LinkState::relayed || period.state == LinkState::cut;
  });
}

std::string_view period_css(SiteState state) {
  switch (state) {
    case SiteState::away: return "away";
    case SiteState::starting: return "starting";
    case SiteState::outside: return "outside";
    case SiteState::member: return "member";
  }
  return "";
}

std::string_view period_css(LinkState state) {
  switch (state) {
    case LinkState::none: return "away";
    case LinkState::direct: return "direct";
    case LinkState::relayed: return "relayed";
    case LinkState::cut: return "cutoff";
  }
  return "";
}

bool is_worse(SiteState a, SiteState b) { return a < b; }
bool is_worse(LinkState a, LinkState b) { return a > b; }

// Some kMostPeriods of them: where there are more, short ones that follow each other are one, of the worst state among them.
template <class Period>
std::vector<Period> coarse(const std::vector<Period>& all) {
  const double shortest = (all.back().end - all.front().begin) / kMostPeriods;
  const auto is_short = [shortest](const Period& period) { return period.end - period.begin < shortest; };
  std::vector<Period> kept;
  for (const Period& next : all) {
    if (kept.empty() || !is_short(kept.back()) || !is_short(next) || next.begin > kept.back().end) {
      kept.push_back(next);
      continue;
    }
    kept.back().end = next.end;
    if (is_worse(next.state, kept.back().state)) kept.back().state = next.state;
  }
  return kept;
}

struct Rows {
  Svg& svg;
  const Plot& plot;
  double label_width;
  double y;  // of the next row's top

  void label(const std::string& name, std::string_view css) {
    svg.begin_group(css);
    svg.text({.x = plot.left - 10,
              .y = y + kBand - 3,
              .text = fitted(name, label_width),
              .css = css.empty() ? "tick" : "name",
              .anchor = "end"});
    svg.end_group();
  }

  // A link that is direct is a thin line; whatever is worse is as high as a site.
  template <class Period>
  void periods(const std::vector<Period>& all, std::string_view of) {
    const bool whole = all.size() <= kMostPeriods;
    for (const Period& period : whole ? all : coarse(all)) {
      const std::string_view css = period_css(period.state);
      const double left = plot.px(period.begin);
      const double width = std::max(1.0, plot.px(period.end) - left);
      if (css == "away") {
        svg.line({left, y + kBand / 2}, {left + width, y + kBand / 2}, css);
        continue;
      }
      const double height = css == "direct" ? 4 : kBand;
      svg.box({.x = left,
               .y = y + (kBand - height) / 2,
               .width = width,
               .height = height,
               .css = css,
               .tip = fmt::format("{}: {} {}", of, to_string(period.state),
                                  whole ? "for " + seconds_to_string(period.end - period.begin) : "at times")});
    }
  }
};

// Ticks of a site's merges and checkpoints, at most one for each picture point.
void draw_ticks(Svg& svg, const Plot& plot, const SiteHistory& site, double y) {
  double free_from = -1;
  std::vector<SvgBox> merges;
  for (const MergePoint& merge : site.merges) {
    const double x = plot.px(merge.at);
    if (x < free_from) continue;
    merges.push_back({.x = x, .y = y + kBand - 4, .width = 0.8, .height = 4, .css = {}, .tip = {}});
    free_from = x + 2;
  }
  svg.boxes(merges, "merge");
  free_from = -1;
  for (const Happening& happening : site.happenings) {
    const double x = plot.px(happening.at);
    if (happening.event.name != "checkpoint.complete" || x < free_from) continue;
    svg.dot({x, y + 4.5}, 2.2, "checkpoint", "checkpoint");
    free_from = x + 5;
  }
}

// Entries so close to each other that one mark stands for them.
struct Mark {
  double x = 0;
  std::size_t first = 0, last = 0;  // positions in the table
  bool bad = false;
  std::string tip;
};

std::vector<Mark> marks_of(const Plot& plot, const std::vector<Entry>& entries) {
  std::vector<Mark> marks;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].weight == Weight::usual) continue;
    const double x = plot.px(entries[i].at);
    const bool joins = !marks.empty() && x - marks.back().x < kMark;
    if (!joins) marks.push_back({.x = x, .first = i, .last = i, .bad = false, .tip = {}});
    Mark& mark = marks.back();
    mark.last = i;
    mark.bad = mark.bad || entries[i].weight == Weight::bad;
    mark.tip += (mark.tip.empty() ? "" : "; ") + entries[i].words;
  }
  return marks;
}

// Numbered marks above the rows, each in the first row where it covers no other.
void draw_marks(Svg& svg, const std::vector<Mark>& marks, double bottom) {
  std::array<double, kMarkRows> free_from = {};
  for (const Mark& mark : marks) {
    const std::string number =
        mark.first == mark.last ? std::to_string(mark.first + 1) : fmt::format("{}-{}", mark.first + 1, mark.last + 1);
    const double half = std::max(kMark, text_width(number) + 6) / 2;
    const double x = std::max(mark.x, half);
    const auto row = static_cast<std::size_t>(
        std::find_if(free_from.begin(), free_from.end(), [&](double from) { return x - half >= from; }) - free_from.begin());
    if (row == kMarkRows) continue;
    const double y = 4 + kMarkStep * static_cast<double>(row);
    svg.line({mark.x, y + 16}, {mark.x, bottom}, "guide");
    svg.box({.x = x - half, .y = y, .width = 2 * half, .height = 16, .css = mark.bad ? "badge bad" : "badge", .tip = mark.tip});
    svg.text({.x = x, .y = y + 12, .text = number, .css = "number", .anchor = "middle"});
    free_from[row] = x + half + 2;
  }
}

double label_width(const RunHistory& history, const std::vector<LinkPeriods>& links, double width) {
  double widest = 40;
  for (const SiteHistory& site : history.sites) widest = std::max(widest, text_width(site.site));
  for (const LinkPeriods& link : links) widest = std::max(widest, text_width(link.a + " - " + link.b));
  return std::min(widest, width / 3);
}

}  // namespace

TimelinePicture timeline_picture(const RunHistory& history, const RunFigures& figures, const std::vector<Entry>& entries,
                                 double width) {
  std::vector<LinkPeriods> links = link_periods(history);
  const std::size_t num_all = links.size();
  if (num_all > kMostLinks) links.erase(std::remove_if(links.begin(), links.end(), was_always_direct), links.end());
  const double names = label_width(history, links, width);
  const double top = 8 + kMarkStep * kMarkRows;
  const double bottom = top + kRow * static_cast<double>(history.sites.size() + links.size()) + 4;
  const Plot plot{.left = names + 16,
                  .right = width - 16,
                  .top = top,
                  .bottom = bottom,
                  .x = time_axis(history.seconds, static_cast<int>(width / 90)),
                  .y = {}};
  Svg svg({width, bottom + 26}, "timeline: when each site was there, and how each two reached each other");
  draw_marks(svg, marks_of(plot, entries), bottom);
  Rows rows{.svg = svg, .plot = plot, .label_width = names, .y = top};
  for (std::size_t i = 0; i < history.sites.size(); ++i, rows.y += kRow) {
    const SiteHistory& site = history.sites[i];
    rows.label(site.site, site_css(i));
    svg.begin_group(site_css(i));
    rows.periods(site_periods(history, figures, site), site.site);
    svg.end_group();
    draw_ticks(svg, plot, site, rows.y);
  }
  for (const LinkPeriods& link : links) {
    const std::string name = link.a + " - " + link.b;
    rows.label(name, "");
    rows.periods(link.periods, name);
    rows.y += kRow;
  }
  std::vector<double> cuts;
  for (const Pause& pause : history.pauses) cuts.push_back(pause.at);
  draw_cuts(svg, plot, cuts);
  draw_x_axis(svg, plot, "");
  return {.svg = std::move(svg).done(), .num_quiet_links = num_all - links.size()};
}

}  // namespace intertie::status
