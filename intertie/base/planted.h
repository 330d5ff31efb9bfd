// Bugs that the simulator plants to see that its checks find them (`./dev sim --bug NAME`, tests/sim). Set once before anything
// runs; none elsewhere.
#pragma once

#include <cstdint>

namespace intertie {

enum class Bug : std::uint8_t {
  none,
  apply_in_flush,  // a site applies a merge although it has reported what it holds
  stale_start,     // what a start of a site says that is no member any more still counts
  arrival_order,   // contributions are summed in another order than that of the sites
  resum_applied,   // a merge that a survivor has applied is summed again
  count_at_one,    // one survivor counts the contribution of a dead site, which the others do not
};
inline Bug planted_bug = Bug::none;
inline bool planted(Bug bug) { return planted_bug == bug; }

}  // namespace intertie
