// A workload of the simulator: a random run drawn from a seed, disturbed by faults, then left alone, and what must hold.
#pragma once

#include <cstdint>
#include <string>

namespace intertie::tests {

struct SeedReport {
  bool ok = true;
  std::string problem;      // what did not hold
  std::string description;  // the drawn run
  int merges = 0;           // committed, counted once
  int faults = 0;
  std::uint64_t trace = 0;
};

// Draws sites (2 to 7), method, sizes, links and faults from `seed`, runs, resumes after each fault that ends the run, and
// compares: all sites bit-equal after every merge, one value per version whatever happened, and the end equal to the plain
// reference.
SeedReport run_seed(std::uint64_t seed);

}  // namespace intertie::tests
