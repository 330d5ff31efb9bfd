#include "intertie/status/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intertie/base/units.h"
#include "intertie/status/figures.h"
#include "intertie/status/live_table.h"

namespace intertie::status {
namespace {

using Lines = std::vector<LiveLine>;

std::string percent_of(double share) { return std::isfinite(share) ? fmt::format("{:.0f} %", 100 * share) : "-"; }

std::string repeated(std::string_view glyph, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += glyph;
  return text;
}

std::string clock_of(Duration at) {
  const std::int64_t seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(at).count());
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

Duration seconds_from(double seconds) {
  constexpr double kMost = 1e8;
  return std::chrono::seconds(std::lround(std::clamp(seconds, 0.0, kMost)));
}

LiveSpan state_of(const LiveSite& site) {
  const auto with_fate = [&](const char* word) { return site.fate.empty() ? word : word + (": " + site.fate); };
  switch (site.state) {
    case LiveState::starting: return {"starting", LiveStyle::warn};
    case LiveState::member: return {"member", LiveStyle::good};
    case LiveState::fetching: return {"fetching", LiveStyle::warn};
    case LiveState::away: return {with_fate("away"), LiveStyle::bad};
    case LiveState::done: return {"done", LiveStyle::good};
    case LiveState::stopped: return {"stopped", LiveStyle::warn};
  }
  return {};
}

// Where the time went: computing, waiting, encoding, and the rest.
LiveLine share_bar(const LiveSite& site, int width, LiveLook look) {
  if (!std::isfinite(site.computing)) return {};
  struct Part {
    double share;
    std::string_view glyph;
    LiveStyle style;
  };
  const std::array<Part, 3> parts = {{{site.computing, look.unicode ? "█" : "#", LiveStyle::computing},
                                      {site.waiting, look.unicode ? "▒" : "-", LiveStyle::waiting},
                                      {site.encoding, look.unicode ? "▓" : "+", LiveStyle::encoding}}};
  LiveLine bar;
  double sum = 0;
  int used = 0;
  for (const Part& part : parts) {
    sum += std::isfinite(part.share) ? std::clamp(part.share, 0.0, 1.0) : 0;
    const int end = std::min(width, static_cast<int>(std::lround(sum * width)));
    bar.push_back({repeated(part.glyph, end - used), part.style});
    used = end;
  }
  bar.push_back({repeated(look.unicode ? "·" : ".", width - used), LiveStyle::dim});
  return bar;
}

Lines site_lines(const LiveRun& run, const LiveFoot& foot, int width, LiveLook look) {
  LiveColumn number{.title = "", .importance = 8, .right = false, .cells = {}};
  LiveColumn name{.title = "site", .importance = 10, .right = false, .cells = {}, .most = 20};
  LiveColumn state{.title = "", .importance = 9, .right = false, .cells = {}, .most = 18};
  LiveColumn step{.title = "step", .importance = 7, .right = true, .cells = {}};
  LiveColumn loss{.title = "loss", .importance = 6, .right = true, .cells = {}};
  LiveColumn rate{.title = "tokens/s", .importance = 5, .right = true, .cells = {}};
  LiveColumn bar{.title = "time", .importance = 3, .right = false, .cells = {}};
  LiveColumn computing{.title = "comp", .importance = 4, .right = true, .cells = {}};
  LiveColumn waiting{.title = "wait", .importance = 2, .right = true, .cells = {}};
  LiveColumn encoding{.title = "enc", .importance = 1, .right = true, .cells = {}};
  for (std::size_t i = 0; i < run.sites.size(); ++i) {
    const LiveSite& site = run.sites[i];
    const bool chosen = foot.chosen == i;
    number.cells.push_back({{fmt::format("{}{}", chosen ? ">" : " ", i + 1), chosen ? LiveStyle::bold : LiveStyle::dim}});
    name.cells.push_back({{site.name, chosen ? LiveStyle::chosen : LiveStyle::bold}});
    state.cells.push_back({state_of(site)});
    step.cells.push_back({{fmt::format("{}", site.step)}});
    loss.cells.push_back({{fixed(site.loss, 3)}});
    rate.cells.push_back({{amount_to_string(site.tokens_per_second)}});
    bar.cells.push_back(share_bar(site, width >= 100 ? 24 : 12, look));
    computing.cells.push_back({{percent_of(site.computing), LiveStyle::computing}});
    waiting.cells.push_back({{percent_of(site.waiting), LiveStyle::waiting}});
    encoding.cells.push_back({{percent_of(site.encoding), LiveStyle::encoding}});
  }
  return table_lines({number, name, state, step, loss, rate, bar, computing, waiting, encoding}, width, look);
}

// The chosen site is among those for which there is room: where it is beyond them, the last.
Lines rows_with(std::optional<std::size_t> chosen, Lines rows, std::size_t room) {
  if (chosen && rows.size() > room && *chosen >= room) {
    rows.erase(rows.begin(), rows.begin() + static_cast<Lines::difference_type>(*chosen + 1 - room));
  }
  return rows;
}

LiveSpan way_of(const LiveLink& link) {
  const LiveLink::Direction& worse = link.worse();
  const std::string over = worse.way == LiveWay::relayed ? "over " + worse.relay : "";
  if (link.cut_on_purpose) return {over.empty() ? "cut" : "cut, " + over, LiveStyle::bad};
  switch (worse.way) {
    case LiveWay::unknown: return {"-", LiveStyle::dim};
    case LiveWay::direct: return {"direct", LiveStyle::good};
    case LiveWay::relayed: return {over, LiveStyle::warn};
    case LiveWay::cut: return {"cut", LiveStyle::bad};
  }
  return {};
}

std::string rtt_of(const LiveLink& link) {
  const double rtt = std::isfinite(link.there.rtt_ms) ? link.there.rtt_ms : link.back.rtt_ms;
  return std::isfinite(rtt) ? fmt::format("{:.1f} ms", rtt) : "-";
}

// What needs looking at comes first where there is no room for all.
std::vector<const LiveLink*> shown_links(const LiveRun& run, std::size_t room) {
  std::vector<const LiveLink*> links;
  for (const LiveLink& link : run.links) links.push_back(&link);
  if (links.size() <= room) return links;
  std::stable_partition(links.begin(), links.end(), [](const LiveLink* link) {
    return link->cut_on_purpose || link->worse().way == LiveWay::relayed || link->worse().way == LiveWay::cut;
  });
  links.resize(room);
  return links;
}

Lines link_lines(const LiveRun& run, std::size_t room, int width, LiveLook look) {
  LiveColumn name{.title = "   link", .importance = 10, .right = false, .cells = {}, .most = 44};
  LiveColumn way{.title = "", .importance = 9, .right = false, .cells = {}, .most = 26};
  LiveColumn rate{.title = "Mbit/s there / back", .importance = 5, .right = true, .cells = {}};
  LiveColumn rtt{.title = "round trip", .importance = 3, .right = true, .cells = {}};
  if (width < 72) rate.title = "Mbit/s";
  for (const LiveLink* link : shown_links(run, room)) {
    name.cells.push_back({{fmt::format("   {} - {}", run.sites[link->a].name, run.sites[link->b].name)}});
    way.cells.push_back({way_of(*link)});
    rate.cells.push_back(
        {{fmt::format("{} / {}", fixed(link->there.mbit_per_second, 1), fixed(link->back.mbit_per_second, 1))}});
    rtt.cells.push_back({{rtt_of(*link)}});
  }
  return table_lines({name, way, rate, rtt}, width, look);
}

LiveStyle style_of(Weight weight) {
  return weight == Weight::bad ? LiveStyle::bad : weight == Weight::notable ? LiveStyle::plain : LiveStyle::dim;
}

Lines event_lines(const LiveEvent& event, int width, LiveLook look) {
  const std::string time = fmt::format("{:>7}  ", clock_of(event.at));
  const int indent = columns_of(time);
  const std::string words = event.site.empty() ? event.words : event.site + " " + event.words;
  Lines lines;
  for (const std::string& part : wrap(words, std::max(8, width - indent), 3, look.unicode)) {
    const std::string first = lines.empty() ? time : std::string(static_cast<std::size_t>(indent), ' ');
    lines.push_back(fit(LiveLine{{first, LiveStyle::dim}, {part, style_of(event.weight)}}, width, look.unicode));
  }
  return lines;
}

// The newest that fit, the oldest of them first.
Lines last_events(const LiveRun& run, std::size_t room, int width, LiveLook look) {
  Lines lines;
  for (auto it = run.events.rbegin(); it != run.events.rend(); ++it) {
    const Lines event = event_lines(*it, width, look);
    if (lines.size() + event.size() > room) break;
    lines.insert(lines.begin(), event.begin(), event.end());
  }
  return lines;
}

LiveLine title_line(const LiveRun& run, Duration now, int width, LiveLook look) {
  LiveLine line = {{run.name.empty() ? "the sites start" : run.name, LiveStyle::bold}};
  std::string rest = run.method.empty() ? "" : "  " + run.method;
  rest += fmt::format("  {} sites", run.sites.size());
  if (run.emulated) rest += "  links are emulated";
  if (run.paced) rest += "  steps are paced";
  if (run.stopping) rest += "  stopping";
  line.push_back({rest, LiveStyle::plain});
  const std::string clock = clock_of(now);
  const int room = width - columns_of(clock) - 1;
  if (room < 8) return fit(line, width, look.unicode);
  line = pad_right(std::move(line), room, look.unicode);
  line.push_back({" " + clock, LiveStyle::dim});
  return line;
}

LiveLine progress_line(const LiveRun& run, Duration now, int width, LiveLook look) {
  const double share =
      run.num_steps > 0 ? std::clamp(static_cast<double>(run.step) / static_cast<double>(run.num_steps), 0.0, 1.0) : 0;
  constexpr Duration kNoNews = std::chrono::seconds(20);  // sites tell it every few seconds
  const double eta = now - run.eta_at < kNoNews ? run.eta_seconds - seconds_of(now - run.eta_at) : std::nan("");
  std::string words =
      run.num_steps > 0 ? fmt::format(" step {}/{}  {:.0f} %", run.step, run.num_steps, 100 * share) : " step -";
  const bool ends = run.step >= run.num_steps && run.num_steps > 0;
  if (!ends && eta >= 0) words += "  ETA " + clock_of(seconds_from(eta));
  const int room = width - columns_of(words);
  if (room < 8) return fit(LiveLine{{words.substr(1)}}, width, look.unicode);
  const int full = static_cast<int>(std::lround(share * room));
  return {{repeated(look.unicode ? "━" : "=", full), LiveStyle::good},
          {repeated(look.unicode ? "─" : "-", room - full), LiveStyle::dim},
          {words, LiveStyle::plain}};
}

LiveLine facts_line(const LiveRun& run, int width, LiveLook look) {
  std::vector<std::string> facts;
  if (std::isfinite(run.validation_loss))
    facts.push_back(fmt::format("validation loss {:.4f} at step {}", run.validation_loss, run.validation_step));
  if (run.checkpoint >= 0) facts.push_back(fmt::format("checkpoint {}", run.checkpoint));
  facts.push_back(fmt::format("version {}", run.version));
  if (run.view > 0) facts.push_back(fmt::format("view {}", run.view));
  if (run.tokens > 0) facts.push_back(count_to_string(static_cast<std::uint64_t>(run.tokens)) + " tokens");
  std::string line;
  for (const std::string& fact : facts) {
    const std::string longer = line.empty() ? fact : fmt::format("{}   {}", line, fact);
    if (columns_of(longer) <= width) line = longer;
  }
  return fit(LiveLine{{line}}, width, look.unicode);
}

Lines foot_lines(const LiveFoot& foot, int width, LiveLook look) {
  Lines lines;
  LiveLine line;
  if (!foot.question.empty()) line.push_back({foot.question + "  ", LiveStyle::warn});
  for (const auto& [key, meaning] : foot.keys) {
    const int more = columns_of(key) + 1 + columns_of(meaning) + 2;
    if (columns_of(line) + more - 2 > width && !line.empty()) {
      lines.push_back(fit(line, width, look.unicode));
      line.clear();
    }
    line.push_back({key, LiveStyle::bold});
    line.push_back({" " + meaning + "  ", LiveStyle::dim});
  }
  if (!line.empty()) lines.push_back(fit(line, width, look.unicode));
  return lines;
}

// Takes lines while there is room for them.
struct Page {
  Lines lines;
  std::size_t height = 0;
  std::size_t room() const { return height - lines.size(); }
  void add(const Lines& more, std::size_t most) {
    for (const LiveLine& line : more) {
      if (most-- == 0 || room() == 0) return;
      lines.push_back(line);
    }
  }
  void blank(std::size_t needed_after) {
    if (room() > needed_after) lines.push_back({});
  }
};

}  // namespace

std::vector<LiveLine> render(const LiveRun& run, const LiveFoot& foot, Duration now, LiveSize size, LiveLook look) {
  constexpr std::size_t kMany = 1000;
  constexpr std::size_t kFewestEvents = 2;
  const int width = std::max(1, size.width);
  Page page{.lines = {}, .height = static_cast<std::size_t>(std::max(1, size.height))};
  Lines keys = foot_lines(foot, width, look);
  keys.resize(std::min(keys.size(), page.height >= 14 ? keys.size() : std::size_t{page.height >= 8 ? 1U : 0U}));
  if (page.height >= 20 && !keys.empty()) keys.insert(keys.begin(), LiveLine{});
  page.height -= keys.size();
  const std::size_t num_sites = run.sites.size();
  page.add({progress_line(run, now, width, look)}, 1);
  if (page.height >= num_sites + 3) page.lines.insert(page.lines.begin(), title_line(run, now, width, look));
  if (page.height >= num_sites + 6) page.add({facts_line(run, width, look)}, 1);

  Lines sites = site_lines(run, foot, width, look);
  if (page.room() < num_sites + 1) sites.erase(sites.begin());
  page.blank(sites.size() + run.links.size() + kFewestEvents + 3);
  page.add(rows_with(foot.chosen, std::move(sites), page.room()), kMany);

  const std::size_t for_links = page.room() > kFewestEvents + 1 ? page.room() - kFewestEvents - 1 : 0;  // and their title
  if (for_links > 0 && !run.links.empty()) {
    const Lines links = link_lines(run, std::min(for_links, run.links.size()), width, look);
    page.blank(links.size() + kFewestEvents + 1);
    page.add(links, kMany);
  }
  page.blank(kFewestEvents);
  page.add(last_events(run, page.room(), width, look), kMany);
  if (!keys.empty()) {
    page.lines.resize(page.height);
    page.lines.insert(page.lines.end(), keys.begin(), keys.end());
  }
  return std::move(page.lines);
}

}  // namespace intertie::status
