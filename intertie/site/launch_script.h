// LaunchScript: what shall happen to a local run, and when, for demonstrations and tests: a text file, a line each, which are
// performed in their order.
//
//   # a comment
//   at version 3 cut ashburn columbus     once some site has committed version 3
//   at 20s kill dublin                    20 seconds after the start
//   at +5s restore dublin                 5 seconds after the line before
//   at version 6 mend ashburn columbus
//   at version 9 stop
//
// Parsing is pure; the object is the launcher's thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/site/launch_request.h"

namespace intertie::site {

struct AtVersion {
  std::uint64_t version = 0;
};
struct AtTime {
  Duration time{0};
  bool after_the_line_before = false;  // else after the start
};

struct ScriptLine {
  std::variant<AtVersion, AtTime> when;
  LaunchRequest request;
  std::string text;  // "script.txt:3: at 20s kill dublin"
};

// `path` is for messages. Errors (reconfigure) name file and line, and what is valid there.
Result<std::vector<ScriptLine>> parse_script(std::string_view text, const std::string& path,
                                             const std::vector<std::string>& site_names);

class LaunchScript {
 public:
  LaunchScript() = default;
  explicit LaunchScript(std::vector<ScriptLine> lines) : lines_(std::move(lines)) {}

  // The next line, if its time has come: to be performed now. `version`: the newest that any site has committed.
  std::optional<ScriptLine> due(Duration since_start, std::uint64_t version);
  // When due() wants to be asked at the latest; nothing while it waits for a version, or is over.
  std::optional<Duration> wakes_at() const;
  // The line that is next; null: all are performed.
  const ScriptLine* next() const { return next_ < lines_.size() ? &lines_[next_] : nullptr; }

 private:
  std::vector<ScriptLine> lines_;
  std::size_t next_ = 0;
  Duration performed_at_{0};  // of the line before
};

}  // namespace intertie::site
