// How the bytes of one merge flow in the least time over a map: which part of the fragment each owner sums, and over which ways
// what each site sends to each other goes. A linear programme before any rounding; docs/schedule.md has its lines. Pure; any
// thread.
#pragma once

#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/map.h"

namespace intertie::reduce {

// Bits of one encoded fragment.
struct Volumes {
  double contribution = 0;
  double result = 0;
};

struct Portion {
  std::vector<std::size_t> relays;  // by index in the map; none, one or two
  double fraction = 1;              // of all that goes from the one site to the other
};

struct Flows {
  double transfer = 0;                     // seconds
  std::vector<double> shares;              // of each owner; of a gather: empty
  std::vector<std::vector<Portion>> ways;  // [from * num_sites + to]; empty: nothing goes there
};

// The least transfer time of a merge with owners; among those schedules the fewest relayed bytes, and among those the most even
// shares. Errors (reconfigure): sites that cannot reach one another over two relays, or memory that does not hold a merge.
Result<Flows> owners_flows(const Map& map, const Volumes& volumes);
// The same where every site gets every contribution.
Result<Flows> gather_flows(const Map& map, const Volumes& volumes);

}  // namespace intertie::reduce
