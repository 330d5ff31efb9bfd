#include "intertie/status/report_entries.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/status/event_table.h"
#include "intertie/status/report_figures.h"

namespace intertie::status {
namespace {

std::string entry_words(const std::string& site, const Event& event) {
  std::string words = kind_of(event).in_report ? words_of(event) : "";
  return words.empty() || kind_of(event).of_run ? words : site + " " + words;
}

// What all members record of one thing has the same key; empty: it is the site's own.
std::string shared_key(const Happening& happening) {
  const Event& event = happening.event;
  if (event.name == "view.entered") return fmt::format("view {} {}", happening.restart, integer_of(event, "view"));
  if (event.name == "merge.ordered") return fmt::format("order {} {}", happening.restart, integer_of(event, "version"));
  if (event.name == "samples.lost") {
    return fmt::format("lost {} {} {} {}", happening.restart, integer_of(event, "version"), text_of(event, "peer"),
                       text_of(event, "samples"));
  }
  if (event.name == "site.left") return fmt::format("left {} {}", happening.restart, text_of(event, "peer"));
  if (event.name == "run.stopping") return fmt::format("stop {} {}", happening.restart, integer_of(event, "version"));
  return {};
}

// What is said once for as long as nothing else of the kind happens has the same key then; empty: each is said. Warnings are
// the same if they differ in numbers only: how long something lasts by now.
std::string repeated_key(const Event& event) {
  if (event.name == "connection.refused" || event.name == "store.away") return event.name;
  if (event.name != "warning") return {};
  std::string key = text_of(event, "message");
  std::erase_if(key, [](char letter) { return (letter >= '0' && letter <= '9') || letter == '.'; });
  return "warning " + key;
}

class EntryList {
 public:
  void add(const RunHistory& history, const SiteHistory& site) {
    std::map<std::string, std::size_t> said;  // what is repeated: its entry
    for (const Happening& happening : site.happenings) {
      if (happening.event.name == "store.back") said.erase("store.away");
      add(site.site, happening, said);
    }
    for (const Start& start : site.starts) {
      if (!fell_silent(history, site, start)) continue;
      entries_.push_back({.at = start.end,
                          .sites = {site.site},
                          .weight = Weight::bad,
                          .event = "log.ended",
                          .words = site.site + " records nothing more: it was killed, or its machine went away",
                          .num_more = 0});
    }
  }

  std::vector<Entry> sorted() && {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
    return std::move(entries_);
  }

 private:
  void add(const std::string& site, const Happening& happening, std::map<std::string, std::size_t>& said) {
    const std::string& name = happening.event.name;
    const std::string repeated = repeated_key(happening.event);
    if (!repeated.empty()) {
      const auto [last, first] = said.try_emplace(repeated, entries_.size());
      if (!first) {
        ++entries_[last->second].num_more;
        return;
      }
    }
    std::string words = entry_words(site, happening.event);
    if (words.empty()) return;
    const std::string key = shared_key(happening);
    const auto [at, is_new] = key.empty() ? std::pair(shared_.end(), true) : shared_.try_emplace(key, entries_.size());
    if (!is_new) {
      Entry& entry = entries_[at->second];
      entry.at = std::min(entry.at, happening.at);
      if (entry.sites.back() != site) entry.sites.push_back(site);
      return;
    }
    entries_.push_back({.at = happening.at,
                        .sites = {site},
                        .weight = weight_of(happening.event),
                        .event = name,
                        .words = std::move(words),
                        .num_more = 0});
  }

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> shared_;  // by shared_key
};

}  // namespace

bool fell_silent(const RunHistory& history, const SiteHistory& site, const Start& start) {
  constexpr double kBetweenLines = 10;
  if (!start.finished.name.empty() || !start.error.name.empty()) return false;
  return &start != last_start(site) || history.seconds - start.end > kBetweenLines;
}

std::vector<Entry> timeline(const RunHistory& history) {
  EntryList entries;
  for (const SiteHistory& site : history.sites) entries.add(history, site);
  return std::move(entries).sorted();
}

}  // namespace intertie::status
