// The table at the end of a run, and of `intertie report`. Pure; any thread.
#pragma once

#include <string>

#include "intertie/status/report_figures.h"

namespace intertie::status {

// One line a site, then what they have in common, what was lost and how often the members changed; several lines, each with its
// line break. Says where sites differ in their final parameters.
std::string summary_table(const RunFigures& run);

// Its lines about what is in no merge or was done twice, and about who took part; without line breaks.
std::string lost_in_words(const RunFigures& run);
std::string members_in_words(const RunFigures& run);

}  // namespace intertie::status
