#include "intertie/status/report_periods.h"

#include <algorithm>
#include <optional>

#include "intertie/status/event_table.h"
#include "intertie/status/report_entries.h"

namespace intertie::status {
namespace {

template <class Period>
void append(std::vector<Period>& periods, Period next) {
  if (!(next.end > next.begin)) return;
  if (!periods.empty() && periods.back().state == next.state && periods.back().end >= next.begin) {
    periods.back().end = next.end;
    return;
  }
  periods.push_back(next);
}

// A site that is between two lines of a run that goes on is there.
double end_of(const RunHistory& history, const SiteHistory& site, const Start& start) {
  const bool goes_on = &start == last_start(site) && start.finished.name.empty() && start.error.name.empty();
  return goes_on && !fell_silent(history, site, start) ? history.seconds : start.end;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a site is a member from a time on.
struct Turn {
  double at = 0;
  SiteState state = SiteState::member;
};

// What the views of all logs say, and the site itself: the logs of those who took it out may be missing.
std::vector<Turn> turns_of(const RunFigures& figures, const SiteHistory& site) {
  std::vector<Turn> turns;
  const auto add = [&](double at, const std::vector<std::string>& members) {
    turns.push_back({at, contains(members, site.site) ? SiteState::member : SiteState::outside});
  };
  for (const Membership& view : figures.views) add(view.at, view.members);
  for (const Happening& happening : site.happenings) {
    if (happening.event.name == "site.fenced") add(happening.at, {});
    if (happening.event.name == "view.entered") add(happening.at, names_of(happening.event, "members"));
  }
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.at < b.at; });
  return turns;
}

// Before the first view that any log has, and without any, a site that runs is a member.
void append_members(std::vector<SitePeriod>& periods, const std::vector<Turn>& turns, double begin, double end) {
  auto next = std::upper_bound(turns.begin(), turns.end(), begin, [](double time, const Turn& turn) { return time < turn.at; });
  SiteState state = next == turns.begin() ? SiteState::member : std::prev(next)->state;
  double from = begin;
  for (; next != turns.end() && next->at < end; ++next) {
    append(periods, {from, next->at, state});
    from = next->at;
    state = next->state;
  }
  append(periods, {from, end, state});
}

// What one end of a link knows: states from a time on.
struct Change {
  double at = 0;
  std::size_t end = 0;  // of the link: 0 or 1
  LinkState state = LinkState::none;
};

std::optional<LinkState> state_in(const Event& event) {
  if (event.name == "site.connected") return LinkState::direct;
  if (event.name != "link.changed") return std::nullopt;
  const std::string state = text_of(event, "state");
  if (state == "cut") return LinkState::cut;
  return state == "relayed" ? LinkState::relayed : LinkState::direct;
}

void add_changes(std::vector<Change>& changes, const RunHistory& history, const SiteHistory& site, const std::string& peer,
                 std::size_t end) {
  for (const Start& start : site.starts) {
    changes.push_back({start.begin, end, LinkState::none});
    changes.push_back({end_of(history, site, start), end, LinkState::none});
  }
  for (const Happening& happening : site.happenings) {
    const std::optional<LinkState> state = state_in(happening.event);
    if (!state || text_of(happening.event, "peer") != peer) continue;
    changes.push_back({happening.at, end, *state});
    // A connection has two ends, and what the other one thought of the site's last start is over.
    if (happening.event.name == "site.connected") changes.push_back({happening.at, 1 - end, *state});
  }
}

LinkState worse(LinkState a, LinkState b) {
  if (a == LinkState::none || b == LinkState::none) return LinkState::none;
  return std::max(a, b);
}

LinkPeriods periods_of_link(const RunHistory& history, const SiteHistory& a, const SiteHistory& b) {
  LinkPeriods row{.a = a.site, .b = b.site, .periods = {}};
  std::vector<Change> changes;
  if (a.has_log) add_changes(changes, history, a, b.site, 0);
  if (b.has_log) add_changes(changes, history, b, a.site, 1);
  std::stable_sort(changes.begin(), changes.end(), [](const Change& x, const Change& y) { return x.at < y.at; });
  LinkState ends[2] = {LinkState::none, LinkState::none};
  if (!a.has_log) ends[0] = LinkState::direct;  // what it knows is not here
  if (!b.has_log) ends[1] = LinkState::direct;
  double from = 0;
  for (const Change& change : changes) {
    append(row.periods, {from, change.at, worse(ends[0], ends[1])});
    from = std::max(from, change.at);
    ends[change.end] = change.state;
  }
  append(row.periods, {from, history.seconds, worse(ends[0], ends[1])});
  return row;
}

}  // namespace

std::vector<SitePeriod> site_periods(const RunHistory& history, const RunFigures& figures, const SiteHistory& site) {
  const std::vector<Turn> turns = turns_of(figures, site);
  std::vector<SitePeriod> periods;
  double from = 0;
  bool over = false;  // since the last start
  for (const Start& start : site.starts) {
    if (!over) append(periods, {from, start.begin, SiteState::away});
    const double end = end_of(history, site, start);
    const double started = start.started.name.empty() ? end : start.started_at;
    append(periods, {start.begin, started, SiteState::starting});
    append_members(periods, turns, started, end);
    over = !start.finished.name.empty();
    from = end;
  }
  if (!over && site.has_log) append(periods, {from, history.seconds, SiteState::away});
  return periods;
}

std::vector<LinkPeriods> link_periods(const RunHistory& history) {
  std::vector<LinkPeriods> rows;
  for (std::size_t a = 0; a < history.sites.size(); ++a) {
    for (std::size_t b = a + 1; b < history.sites.size(); ++b) {
      rows.push_back(periods_of_link(history, history.sites[a], history.sites[b]));
    }
  }
  return rows;
}

const char* to_string(SiteState state) {
  switch (state) {
    case SiteState::away: return "away";
    case SiteState::starting: return "starting";
    case SiteState::outside: return "no member";
    case SiteState::member: return "member";
  }
  return "";
}

const char* to_string(LinkState state) {
  switch (state) {
    case LinkState::none: return "an end is away";
    case LinkState::direct: return "direct";
    case LinkState::relayed: return "relayed";
    case LinkState::cut: return "cut";
  }
  return "";
}

}  // namespace intertie::status
