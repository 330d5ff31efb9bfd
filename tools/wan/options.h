// How `wan` is started: its command line. Values; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "tools/wan/lines.h"

namespace intertie::wan {

struct Options {
  std::vector<std::string> sites;
  std::size_t paths = 1;
  Duration round_trip{0};  // of every pair
  BitRate rate{0};         // of every site's access, each way; 0: no limit
  Duration queue = std::chrono::milliseconds(25);
  double loss = 0;  // of every line
  std::uint64_t seed = 1;
  std::string congestion_control = "cubic";  // or "machine": as it is
  bool ipv6 = false;
  std::string prefix = "wan-";
};

constexpr const char* kUsage =
    "usage: wan --sites A,B,... [--rate 1Gbit/s] [--rtt 30ms] [--loss 0.01%] [--queue 25ms] [--paths 1] [--ipv6] [--seed 1] "
    "[--cc cubic] [--prefix wan-]";

// Errors (reconfigure): one line that says what is wrong.
Result<Options> parse_options(const std::vector<std::string>& words);

// "0.01%" -> 0.0001; at most 100%.
Result<double> parse_percent(const std::string& text);
// As for the run file; "off": 0, no limit.
Result<BitRate> parse_rate(const std::string& text);

Lines lines_of(const Options& options, Pool& pool);

}  // namespace intertie::wan
