// A workload of the simulator: a random run drawn from a seed, disturbed by faults, then left alone, and what must hold.
#pragma once

#include <cstdint>
#include <string>

namespace intertie::tests {

struct SeedReport {
  bool ok = true;
  std::string problem;      // what did not hold
  std::string description;  // the drawn run
  int sites = 0;
  int merges = 0;  // committed, counted once
  int faults = 0;
  std::uint64_t trace = 0;
};

struct WorkloadOptions {
  bool hostile = false;     // with all that hostility.h has
  bool events = false;      // every event is printed as it happens
  std::uint16_t paths = 1;  // of every link; where there are several, one of them is cut with every fault
};

// Draws sites (2 to 8), method, sizes, links and faults from `seed` and runs: sites die and come back, links are cut both ways
// or one, sites are cut off, connections break, sites leave, the run is stopped. No site may end by itself meanwhile but as
// docs/protocol.md promises (endings.h). Then everything is whole again, and the run has to come to its end at a pace (calm.h),
// with a history (history.h) in which everything holds that docs/protocol.md promises.
SeedReport run_seed(std::uint64_t seed, WorkloadOptions options = {});

}  // namespace intertie::tests
