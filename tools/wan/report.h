// What happened, as one line of JSON. Lateness: how much later than due frames left; a figure that was taken with this program
// says little where it is large. Values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/wan/options.h"

namespace intertie::wan {

class Lateness {
 public:
  void add(Duration late);
  std::int64_t microseconds(double share) const;
  // How many frames were later than figures bear.
  static constexpr std::int64_t kTooLate = 2'000;  // us
  std::uint64_t num_too_late() const;

 private:
  static constexpr std::int64_t kMost = 99'999;
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kMost + 1);  // by microsecond
};

struct Work {
  double seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t strays = 0;   // frames for nobody here
  std::uint64_t refused = 0;  // frames that a site's kernel did not take
  Lateness lateness;
};

// docs/wan.md describes it.
std::string report(const Options& options, const Lines& lines, const Work& work);

}  // namespace intertie::wan
