// What `wan` is told while it runs, line by line on its standard input. Values; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"
#include "tools/wan/options.h"

namespace intertie::wan {

// A and B are sites. At the end of all but the last four, `path N` means that path only.
//   cut A B, mend A B            both ways
//   cut-one-way A B, mend-one-way A B
//   rtt A B 80ms                 half of it each way
//   delay A B 40ms               from A to B, as all of the following
//   jitter A B 5ms               at most so much more, uniformly
//   loss A B 0.01%               of the packets
//   rate A B 100Mbit/s           of the line, besides that of the sites; off: none of its own
//   largest A B 1000             larger IP packets vanish; 0: none does
//   access A 250Mbit/s           both ways; off: no limit
//   access-up A 250Mbit/s, access-down A 250Mbit/s
//   queue 25ms                   in front of every limit
//   stats                        answers with a line of JSON
//   reset                        statistics begin anew
//   quit
struct Command {
  enum class Kind { cut, mend, delay, jitter, loss, rate, largest, access, queue, stats, reset, quit };
  Kind kind = Kind::quit;
  std::size_t from = 0, to = 0;
  std::optional<std::size_t> path;
  bool there = true, back = false;  // which ways; of `access`: up, down
  Duration time{0};
  BitRate rate{0};
  double share = 0;
  std::size_t bytes = 0;
};
// Errors (reconfigure): one line with what the command looks like.
Result<Command> parse_command(std::string_view line, const Options& options);

// Those that change lines; the others have to do with the program.
void apply(const Command& command, Lines& lines);

}  // namespace intertie::wan
