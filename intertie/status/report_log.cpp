#include "intertie/status/report_log.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "intertie/base/json.h"

namespace intertie::status {
namespace {

constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

Event::Value value_of(const Json& value) {
  if (value.boolean()) return *value.boolean();
  if (value.integer()) return *value.integer();
  if (value.number()) return *value.number();
  if (value.text()) return *value.text();
  return std::numeric_limits<double>::quiet_NaN();  // null stands for a number that is not finite
}

bool is_of_every_event(std::string_view field) {
  return field == "time" || field == "elapsed" || field == "site" || field == "event";
}

std::optional<LogLine> log_line(const Json& json) {
  const std::string* name = json["event"].text();
  const std::string* time = json["time"].text();
  if (!name || !time) return std::nullopt;
  const std::optional<double> wall = utc_seconds(*time);
  const std::optional<double> elapsed = json["elapsed"].number();
  if (!wall || !elapsed || !(*elapsed >= 0 && *elapsed < kLastSecond)) return std::nullopt;
  LogLine line{.wall_seconds = *wall, .elapsed_seconds = *elapsed, .event = {.name = *name, .fields = {}}};
  for (const auto& [field, value] : json.members()) {
    if (!is_of_every_event(field)) line.event.fields.emplace_back(field, value_of(value));
  }
  return line;
}

// The digits of `text` at `at` as a number; -1 where there are others.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  const char* begin = text.data() + at;
  const auto [end, fault] = std::from_chars(begin, begin + count, number);
  return fault == std::errc() && end == begin + count && *begin != '-' ? number : -1;
}

}  // namespace

LogCounts read_log(std::string_view text, const std::function<void(LogLine)>& take) {
  LogCounts counts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const Result<Json> json = parse_json(text.substr(0, end));
    std::optional<LogLine> line = json ? log_line(*json) : std::nullopt;
    if (line) take(std::move(*line));
    counts.num_events += line ? 1 : 0;
    counts.num_unreadable += !line && end != std::string_view::npos && end != 0 ? 1 : 0;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return counts;
}

std::optional<double> utc_seconds(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  }
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const int milliseconds = digits(text, 20, 3);
  if (year < 1970 || month < 1 || day < 1 || milliseconds < 0) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400.0 + hour * 3600 + minute * 60 + second + milliseconds / 1000.0;
}

std::string utc_to_string(double seconds) {
  if (!(seconds >= 0 && seconds <= kLastSecond)) return "-";
  const auto whole = static_cast<std::int64_t>(std::floor(seconds));
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(whole / 86400))};
  const std::int64_t of_day = whole % 86400;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), of_day / 3600, of_day / 60 % 60, of_day % 60);
}

}  // namespace intertie::status
