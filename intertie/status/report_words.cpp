#include "intertie/status/report_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "intertie/status/console.h"
#include "intertie/status/event_table.h"
#include "intertie/status/report_figures.h"
#include "intertie/status/report_format.h"

namespace intertie::status {
namespace {

std::string for_a_reason(const Event& event, const char* field) {
  const std::string reason = text_of(event, field);
  return reason.empty() ? "" : ": " + reason;
}

std::string names_of(const Event& event, const char* field) {
  return fmt::format("{}", fmt::join(names_in(text_of(event, field)), ", "));
}

std::string seconds_in(const Event& event) { return seconds_to_string(number_of(event, "seconds")); }

std::string run_words(const std::string& site, const Event& event) {
  if (event.name == "run.started") return site + " starts";
  if (event.name == "run.resumed") {
    return fmt::format("{} goes on from the checkpoint of step {}", site, integer_of(event, "step"));
  }
  if (event.name == "run.stopping") {
    return fmt::format("the run stops at version {}{}", integer_of(event, "version"), for_a_reason(event, "reason"));
  }
  if (event.name == "run.finished") {
    return fmt::format("{} {} at step {}", site, flag_of(event, "complete") ? "is done" : "has stopped",
                       integer_of(event, "step"));
  }
  if (event.name == "warning") return site + " warns" + for_a_reason(event, "message");
  if (event.name == "error") return fmt::format("{} ends with an error{}", site, for_a_reason(event, "message"));
  if (event.name == "connection.refused") return site + " refused a connection" + for_a_reason(event, "message");
  return {};
}

std::string link_words(const std::string& site, const Event& event) {
  if (event.name != "link.changed") return {};
  const std::string peer = text_of(event, "peer");
  const std::string state = text_of(event, "state");
  const std::string why = for_a_reason(event, "message");
  if (state == "relayed") return fmt::format("{} reaches {} through {}{}", site, peer, text_of(event, "relay"), why);
  if (state == "cut") return fmt::format("{} has no way to {}{}", site, peer, why);
  return fmt::format("{} reaches {} directly", site, peer);
}

std::string member_words(const std::string& site, const Event& event) {
  if (event.name == "view.entered") {
    return fmt::format("view {}: {}, from version {}{}", integer_of(event, "view"), names_of(event, "members"),
                       integer_of(event, "from_version"), for_a_reason(event, "reason"));
  }
  if (event.name == "merge.ordered") {
    return fmt::format("the open merge to version {} is completed ({}) with {}", integer_of(event, "version"),
                       text_of(event, "order"), names_of(event, "set"));
  }
  if (event.name == "samples.lost") {
    return fmt::format("{} tokens of {} are in no merge (samples {})",
                       amount_to_string(static_cast<double>(integer_of(event, "lost_tokens"))), text_of(event, "peer"),
                       text_of(event, "samples"));
  }
  if (event.name == "site.left")
    return fmt::format("{} leaves the run{}", text_of(event, "peer"), for_a_reason(event, "reason"));
  if (event.name == "site.fenced") {
    return fmt::format("{} was taken out while it lived (view {}) and gives up {} tokens of its own", site,
                       integer_of(event, "view"), amount_to_string(static_cast<double>(integer_of(event, "lost_tokens"))));
  }
  if (event.name == "join.began") {
    return fmt::format("{} fetches version {} from {}", site, integer_of(event, "version"), text_of(event, "donor"));
  }
  if (event.name == "join.finished") {
    return fmt::format("{} holds version {}: {} from {} in {}", site, integer_of(event, "version"),
                       bytes_to_string(static_cast<double>(integer_of(event, "bytes"))), text_of(event, "donor"),
                       seconds_in(event));
  }
  if (event.name == "store.away") {
    return fmt::format("{} cannot reach the store at {}{}", site, text_of(event, "peer"), for_a_reason(event, "message"));
  }
  if (event.name == "store.back") {
    return fmt::format("{} reaches the store at {} again, after {}", site, text_of(event, "peer"), seconds_in(event));
  }
  return {};
}

Weight weight_of(const Event& event) {
  const std::set<std::string_view> bad = {"error", "samples.lost", "site.fenced", "store.away"};
  const std::set<std::string_view> notable = {"view.entered", "merge.ordered", "site.left",    "join.finished", "run.stopping",
                                              "store.back",   "run.resumed",   "link.changed", "warning"};
  if (bad.count(event.name) != 0 || text_of(event, "state") == "cut") return Weight::bad;
  return notable.count(event.name) != 0 ? Weight::notable : Weight::usual;
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

// Said once for as long as nothing else of the kind happens.
bool is_repeated(const std::string& event) {
  return event == "warning" || event == "connection.refused" || event == "store.away";
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
    if (is_repeated(name)) {
      const auto [last, first] = said.try_emplace(name, entries_.size());
      if (!first) {
        ++entries_[last->second].num_more;
        return;
      }
    }
    std::string words = words_of(site, happening.event);
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

std::string words_of(const std::string& site, const Event& event) {
  for (const auto& words : {run_words(site, event), link_words(site, event), member_words(site, event)}) {
    if (!words.empty()) return words;
  }
  return {};
}

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
