// The table at the end of a run, from the event logs of its sites. Pure but for reading; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/event.h"

namespace intertie::status {

struct SiteSummary {
  std::string site;
  bool emulated = false;
  bool paced = false;
  Event finished;  // run.finished; no name: the site has not finished since its last start
};

// Reads the text of an events.jsonl; lines that are not valid are passed over (a program that was killed leaves half a line).
SiteSummary summarise(const std::string& site, std::string_view log);

// One line a site, then what they have in common; several lines, each with its line break. Says where sites differ in their
// final parameters.
std::string summary_table(const std::vector<SiteSummary>& sites);

}  // namespace intertie::status
