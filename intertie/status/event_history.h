// EventHistory: what a site has recorded since its start, for whoever comes later: the newest lines of its event log, and of
// what came before them the last word on each thing that a view of the run shows. So its size is bounded, and a run that has
// gone on for weeks can still be shown. Value; one thread.
//
//   history.add(record, json_line(record));
//   for (const std::string& line : history.lines()) ...
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "intertie/status/recorder.h"

namespace intertie::status {

class EventHistory {
 public:
  // `most_bytes`: of the newest lines, all together.
  explicit EventHistory(std::size_t most_bytes = std::size_t{256} * 1024) : most_bytes_(most_bytes) {}

  void add(const Record& record, std::string line);
  std::vector<std::string> lines() const;  // in the order in which they came

 private:
  struct Line {
    std::uint64_t number = 0;
    std::string about;  // what a later line with the same text here says anew; empty: nothing
    std::string text;
  };
  void forget_oldest();

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t next_number_ = 0;
  std::deque<Line> newest_;
  std::map<std::string, Line> last_words_;  // of lines that are not among the newest any more
};

}  // namespace intertie::status
