// Reads the text of an events.jsonl back into events (docs/events.md). A log can come from elsewhere, be cut off in the middle
// of a line, or be of a later version: what is no event is counted and passed over, and nothing in it is trusted. Time grows
// with the text's size, memory with its longest line. Used by the report and the table at the end of a run. Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "intertie/base/event.h"

namespace intertie::status {

struct LogLine {
  double wall_seconds = 0;     // since 1970, UTC
  double elapsed_seconds = 0;  // since the site's program started; not below 0
  Event event;                 // its own fields; `null` is a NaN
};

struct LogCounts {
  std::uint64_t num_events = 0;
  std::uint64_t num_unreadable = 0;  // lines that are no events, but for a last one without its end
};

LogCounts read_log(std::string_view text, const std::function<void(LogLine)>& take);

// "2026-11-22T01:02:03.456Z" as seconds since 1970; nothing if it is not of that form.
std::optional<double> utc_seconds(std::string_view text);
// The other way round, in words for people and to the second: "2026-11-22 01:02:03".
std::string utc_to_string(double seconds);

}  // namespace intertie::status
