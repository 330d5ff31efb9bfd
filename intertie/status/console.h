// Console: what a person sees of a site while it runs: one line an interval, and one for each event worth a line.
//
//   ashburn  step 120/2000  6 %  loss 2.213  5.1 k tokens/s  computing 91 % waiting 8 % encoding 1 %  columbus 92.3 Mbit/s  ETA
//   3 min
//
// Thread: the loop; lines are formatted by a pure function.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "intertie/status/recorder.h"

namespace intertie::status {

// What a line about progress says beside its event.
struct Pace {
  std::map<std::string, double> mbit_per_second;  // sent to each peer in the last interval
  double seconds_per_step = std::numeric_limits<double>::quiet_NaN();
};

// The line for a record, without a line break; empty: the event has none.
std::string console_line(const Record& record, const Pace& pace);

class Console final : public Consumer {
 public:
  explicit Console(std::function<void(const std::string& line)> print) : print_(std::move(print)) {}
  void consume(const Record& record) override;

 private:
  void take_pace(const Record& record);

  std::function<void(const std::string&)> print_;
  struct Mark {
    std::int64_t step = 0;
    Duration at{0};
  };
  Pace pace_;
  std::optional<Mark> first_;
};

// "3 min 20 s" from seconds; "-" when not finite.
std::string seconds_to_string(double seconds);

}  // namespace intertie::status
