// The report's timeline: a picture of who was there, the same in words, and what was lost.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "intertie/status/figures.h"
#include "intertie/status/report_markup.h"
#include "intertie/status/report_sections.h"
#include "intertie/status/report_timeline.h"
#include "intertie/status/summary.h"

namespace intertie::status {
namespace {

constexpr std::size_t kMostRows = 200;
constexpr std::size_t kMostLost = 50;

struct ShownEntries {
  std::vector<Entry> entries;
  std::size_t num_lesser = 0, num_later = 0;  // that are left out
};

// The heaviest, in order of time, no more than there is room for.
ShownEntries shown_entries(std::vector<Entry> entries) {
  ShownEntries shown{.entries = std::move(entries)};
  for (const Weight lightest : {Weight::notable, Weight::bad}) {
    if (shown.entries.size() <= kMostRows) return shown;
    shown.num_lesser += std::erase_if(shown.entries, [&](const Entry& entry) { return entry.weight < lightest; });
  }
  if (shown.entries.size() > kMostRows) {
    shown.num_later = shown.entries.size() - kMostRows;
    shown.entries.resize(kMostRows);
  }
  return shown;
}

std::string left_out_note(const ShownEntries& shown) {
  std::string what;
  if (shown.num_lesser > 0) what = fmt::format("{} lesser events", shown.num_lesser);
  if (shown.num_later > 0) what += what.empty() ? "" : " and ";
  if (shown.num_later > 0) what += fmt::format("{} later {}", shown.num_later, shown.num_lesser > 0 ? "ones" : "events");
  return what.empty() ? what : element("p class=\"note\"", what + " are in the logs only.");
}

// Of the wall clock, for a moment of the running time.
double wall_at(const RunHistory& history, double at) {
  double wall = history.began_wall_seconds + at;
  for (const Pause& pause : history.pauses) wall += at > pause.at ? pause.seconds : 0;
  return wall;
}

// "lost: nothing" as "Lost: nothing."
std::string sentence(std::string words) {
  words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
  return words + ".";
}

std::string_view css_of(Weight weight) {
  switch (weight) {
    case Weight::usual: return "usual";
    case Weight::notable: return "";
    case Weight::bad: return "bad";
  }
  return "";
}

std::string entries_table(const RunHistory& history, const std::vector<Entry>& entries) {
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    std::string sites;
    for (const std::string& site : entry.sites) sites += (sites.empty() ? "" : ", ") + site_name(history, site);
    const std::string more = entry.num_more > 0 ? fmt::format(" (and {} more times)", entry.num_more) : "";
    rows.push_back({{std::to_string(i + 1), "number"},
                    {seconds_to_string(entry.at), "time"},
                    {utc_to_string(wall_at(history, entry.at)).substr(11), "time extra"},
                    {escaped(entry.words + more), css_of(entry.weight)},
                    {sites, "extra"}});
  }
  return table({{"", "number"}, {"after", ""}, {"UTC", "extra"}, {"what happened", ""}, {"recorded by", "extra"}}, rows);
}

std::string lost_table(const RunHistory& history, const RunFigures& figures) {
  if (figures.lost.empty() && figures.given_up.empty()) return {};
  std::vector<std::vector<Cell>> rows;
  const auto add = [&](double at, const std::string& site, std::uint64_t version, double tokens, const std::string& what) {
    if (rows.size() < kMostLost) {
      rows.push_back({{seconds_to_string(at), "time"},
                      {site_name(history, site), ""},
                      {std::to_string(version), "number extra"},
                      {amount_to_string(tokens), "number"},
                      {escaped(what), ""}});
    }
  };
  for (const LostSamples& lost : figures.lost)
    add(lost.at, lost.site, lost.version, lost.tokens,
        "samples " + lost.samples + ": the site was gone before a merge had them");
  for (const GivenUp& given : figures.given_up)
    add(given.at, given.site, given.version, given.tokens, "its own steps while it was cut off and taken out of the members");
  const std::size_t num_more = figures.lost.size() + figures.given_up.size() - rows.size();
  return table({{"after", ""}, {"site", ""}, {"version", "number extra"}, {"tokens", "number"}, {"what, and why", ""}}, rows) +
         (num_more > 0 ? element("p class=\"note\"", fmt::format("{} more are in the logs only.", num_more)) : "");
}

std::string picture(const RunHistory& history, const RunFigures& figures, const std::vector<Entry>& entries) {
  const TimelinePicture broad = timeline_picture(history, figures, entries, 1080);
  const TimelinePicture narrow = timeline_picture(history, figures, entries, 420);
  std::string caption =
      "Sites: full colour, a member; outlined, it starts or is no member; dotted, away. Notches are merges, "
      "dots complete checkpoints. Links: thin, direct; striped, through another member; red, cut; dotted, an end is away.";
  if (broad.num_quiet_links > 0)
    caption += fmt::format(" {} links were direct throughout and are left out.", broad.num_quiet_links);
  if (!history.pauses.empty()) caption += " Dashed: time in which no site ran, left out.";
  return figure(element("div class=\"broad\"", broad.svg) + element("div class=\"narrow\"", narrow.svg), caption);
}

}  // namespace

std::string events_section(const RunHistory& history, const RunFigures& figures) {
  const ShownEntries shown = shown_entries(timeline(history));
  const bool lost = !figures.lost.empty() || figures.given_up_tokens > 0;
  std::string content = picture(history, figures, shown.entries);
  content += element(lost ? "p class=\"lost bad\"" : "p class=\"lost\"", escaped(sentence(lost_in_words(figures))));
  content += lost_table(history, figures);
  content += element("p", escaped(sentence(members_in_words(figures))));
  content += entries_table(history, shown.entries) + left_out_note(shown);
  return section("What happened", content);
}

}  // namespace intertie::status
