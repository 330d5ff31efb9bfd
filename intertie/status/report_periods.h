// Who was there, and how sites reached each other, over the running time: periods for the timeline's picture. Pure; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/status/report_figures.h"

namespace intertie::status {

enum class SiteState {
  away,      // no program runs, and the run is not over for it
  starting,  // it waits for the others or reads its data
  outside,   // it lives and is no member: it was taken out, or it fetches what the run has
  member,
};

struct SitePeriod {
  double begin = 0, end = 0;
  SiteState state = SiteState::away;
  friend bool operator==(const SitePeriod&, const SitePeriod&) = default;
};

// Ascending, without gaps but after a site has finished; neighbours differ in state.
std::vector<SitePeriod> site_periods(const RunHistory& history, const RunFigures& figures, const SiteHistory& site);

enum class LinkState { none, direct, relayed, cut };  // none: one of its ends is away

struct LinkPeriod {
  double begin = 0, end = 0;
  LinkState state = LinkState::none;
  friend bool operator==(const LinkPeriod&, const LinkPeriod&) = default;
};

struct LinkPeriods {
  std::string a, b;
  std::vector<LinkPeriod> periods;  // ascending, without gaps; neighbours differ in state
};

// One for each two sites of the run, in site order. Where the two ends differ, the worse state counts.
std::vector<LinkPeriods> link_periods(const RunHistory& history);

const char* to_string(SiteState state);
const char* to_string(LinkState state);

}  // namespace intertie::status
