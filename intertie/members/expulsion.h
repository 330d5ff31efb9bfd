// Which sites have to go so that the others reach one another (docs/protocol.md rule 14). Pure; any thread.
#pragma once

#include <functional>
#include <vector>

#include "intertie/base/ids.h"

namespace intertie::members {

// `direct(a, b)`: whether the two have heard each other lately without a relay.
// Returns the fewest of `members` such that every two of the rest hear each other directly or over one of the rest as a relay;
// never `holder`, without which there is no view; of equals, those with the higher numbers. Where that would be looked for
// among thousands of sets (ten sites or more that are cut off from most others), they go one after another, whoever misses the
// most first, which may be more than the fewest.
std::vector<SiteId> expulsion(const std::vector<SiteId>& members, SiteId holder,
                              const std::function<bool(SiteId, SiteId)>& direct);

}  // namespace intertie::members
