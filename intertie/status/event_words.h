// What an event says to people, and how much it stands out: the one wording, which the lines of a site (console.h), the live
// view and the report share. Pure; any thread.
//
//   words_of({"link.changed", {{"peer", "columbus"s}, {"state", "direct"s}, ...}})   // "reaches columbus directly again"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/event.h"

namespace intertie::status {

enum class Weight { usual, notable, bad };  // how much something that happened stands out

struct EventKind {
  std::string_view name;  // in docs/events.md
  // Where its words are said. Nowhere: it comes too often, or says nothing that a person needs; the log has it.
  bool in_lines = false;
  bool in_view = false;    // among the last events; not what has a place of its own there
  bool in_report = false;  // in the timeline; not what is a curve or a mark there
  bool of_run = false;     // it is of all sites, whoever recorded it; else of the site that did
  Weight weight = Weight::usual;
};

// Of every event of the table, in its order.
const std::vector<EventKind>& event_kinds();
// An event that is not in the table is said nowhere.
const EventKind& kind_of(const Event& event);
// A link that is cut is bad, where other changes of a link are not.
Weight weight_of(const Event& event);

// "40-49, 60-69" as "samples 40-49, 60-69"; of many ranges the first and the last. The log and the report's table have all.
std::string samples_in_words(const std::vector<std::string>& ranges);

// One sentence without its full stop. Of the run: complete. Of a site: its name comes before it. Empty: nothing is to be said.
std::string words_of(const Event& event);
// The same with figures that the report and the view show elsewhere.
std::string detailed_words_of(const Event& event);

}  // namespace intertie::status
