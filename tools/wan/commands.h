// What `wan` is told, on its command line and, line by line, on its standard input. Values; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "tools/wan/lines.h"

namespace intertie::wan {

struct Options {
  std::vector<std::string> sites;
  Duration round_trip{0};  // of every pair
  std::string prefix = "wan-";
};
// --sites a,b,c [--rtt 80ms] [--prefix wan-]. Errors (reconfigure): one line that says what is wrong.
Result<Options> parse_options(const std::vector<std::string>& words);

struct Command {
  enum class Kind { cut, mend, round_trip, largest, counts, quit };
  Kind kind = Kind::quit;
  std::size_t from = 0, to = 0;
  bool one_way = false;
  Duration time{0};
  std::size_t bytes = 0;
};
// cut A B | mend A B | cut-one-way A B | mend-one-way A B | rtt A B 80ms | counts | quit
// largest A B 1000: larger frames from A to B vanish; 0: none does.
Result<Command> parse_command(std::string_view line, const std::vector<std::string>& sites);

// Those that change lines; the others have to do with the program.
void apply(const Command& command, Lines& lines);

}  // namespace intertie::wan
