// The text of an event log: one JSON object a line (docs/events.md), written and read here for all who do either: the log and
// the output of a site, the live view, the report. Text can come from elsewhere, be cut off in the middle of a line, or be of a
// later version: what is no event is passed over, and nothing in it is trusted. Time grows with the text's size, memory with
// its longest line. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "intertie/status/recorder.h"

namespace intertie::status {

using WallTime = std::chrono::system_clock::time_point;

// One line with its line break. What is written is read back the same, to the millisecond of its wall time and the microsecond
// of the time since the start; a number that is not finite is a NaN.
std::string json_line(const Record& record);
// Nothing if it is no such line: it lacks its site, event or time, or the time is none.
std::optional<Record> read_json_line(std::string_view line);

struct LogCounts {
  std::uint64_t num_events = 0;
  std::uint64_t num_unreadable = 0;  // lines that are no events, but for empty ones and a last one without its end
};

// Every line of a log, in order.
LogCounts read_log(std::string_view text, const std::function<void(Record)>& take);

// "2026-11-22T01:02:03.456Z"; nothing if it is not of that form, or not between 1970 and 2200.
std::optional<WallTime> read_utc(std::string_view text);
// Seconds since 1970, UTC, in words for people and to the second: "2026-11-22 01:02:03".
std::string utc_to_string(double seconds);

}  // namespace intertie::status
