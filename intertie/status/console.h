// Console: what a person sees of a site while it runs: one line an interval, and one for each event worth a line.
//
//   ashburn  step 120/2000  6 %  loss 2.213  5.1 k tokens/s  computing 91 % waiting 8 % encoding 1 %  columbus 92.3 Mbit/s  ETA
//   3 min
//
// Thread: the loop; lines are formatted by a pure function.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "intertie/status/recorder.h"

namespace intertie::status {

// Mbit/s that were sent to each peer, of the last interval.
using LinkRates = std::map<std::string, double>;

// The line for a record, without a line break; empty: the event has none.
std::string console_line(const Record& record, const LinkRates& rates);

// The lines for the records of one site, in their order.
class ConsoleLines {
 public:
  std::string line(const Record& record);  // empty: the event has none

 private:
  LinkRates rates_;
};

class Console final : public Consumer {
 public:
  explicit Console(std::function<void(const std::string& line)> print) : print_(std::move(print)) {}
  void consume(const Record& record) override;

 private:
  std::function<void(const std::string&)> print_;
  ConsoleLines lines_;
};

}  // namespace intertie::status
