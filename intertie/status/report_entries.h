// The report's timeline in words: one entry for each thing that happened, whoever recorded it. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/status/event_words.h"
#include "intertie/status/report_history.h"

namespace intertie::status {

struct Entry {
  double at = 0;
  std::vector<std::string> sites;  // that recorded it, in site order
  Weight weight = Weight::usual;
  std::string event;         // its name in docs/events.md; "log.ended" for a site that fell silent
  std::string words;         // one sentence without its full stop
  std::size_t num_more = 0;  // of the same, that are not entries of their own
};

// In order of time. What several members record of one thing (a view, lost samples) is one entry; what a site says again and
// again in a row (a warning, a refused connection) is one with a count.
std::vector<Entry> timeline(const RunHistory& history);

// The end of a site that did not say so: killed, or its machine lost power. `start` did not finish, and either a later start or
// ten more seconds of the run show that it is not just between two lines.
bool fell_silent(const RunHistory& history, const SiteHistory& site, const Start& start);

}  // namespace intertie::status
