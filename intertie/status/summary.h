// The table at the end of a run, and of `intertie report`. Pure; any thread.
#pragma once

#include <string>

#include "intertie/status/report_figures.h"

namespace intertie::status {

// One line a site, then what they have in common, what was lost and how often the members changed; several lines, each with its
// line break. Says where sites differ in their final parameters.
std::string summary_table(const RunFigures& run);

// Who is known to have the final parameters: "all sites", "the 2 sites whose logs are here"; empty: nobody shares them.
std::string who_has_them(const RunFigures& run, const FinalParameters& parameters);

// Its lines about what is in no merge or was done twice, and about who took part; without line breaks.
std::string lost_in_words(const RunFigures& run);
std::string members_in_words(const RunFigures& run);

}  // namespace intertie::status
