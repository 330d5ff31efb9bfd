#include "intertie/status/event_lines.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "intertie/base/json.h"

namespace intertie::status {
namespace {

constexpr int kLastYear = 2200;  // nanoseconds since 1970 fit into 64 bits
constexpr double kLastSecond = 7'289'654'399;
constexpr double kMostElapsed = 1e9;  // seconds, 30 years

std::string utc(WallTime wall) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

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

// The digits of `text` at `at` as a number; -1 where there are others.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  const char* begin = text.data() + at;
  const auto [end, fault] = std::from_chars(begin, begin + count, number);
  return fault == std::errc() && end == begin + count && *begin != '-' ? number : -1;
}

}  // namespace

std::string json_line(const Record& record) {
  const double elapsed = std::round(seconds_of(record.since_start) * 1e6) / 1e6;
  Json line =
      Json::object({{"time", utc(record.wall)}, {"elapsed", elapsed}, {"site", record.site}, {"event", record.event.name}});
  for (const auto& [name, value] : record.event.fields) {
    line.set(name, std::visit([](const auto& v) { return Json(v); }, value));
  }
  return line.dump() + "\n";
}

std::optional<Record> read_json_line(std::string_view line) {
  if (!line.starts_with('{')) return std::nullopt;
  const Result<Json> json = parse_json(line);
  if (!json) return std::nullopt;
  const std::string* name = (*json)["event"].text();
  const std::string* site = (*json)["site"].text();
  const std::string* time = (*json)["time"].text();
  if (!name || !site || !time) return std::nullopt;
  const std::optional<WallTime> wall = read_utc(*time);
  const std::optional<double> elapsed = (*json)["elapsed"].number();
  if (!wall || !elapsed || !(*elapsed >= 0 && *elapsed <= kMostElapsed)) return std::nullopt;
  Record record{.event = {.name = *name, .fields = {}},
                .site = *site,
                .wall = *wall,
                .since_start = std::chrono::microseconds(std::llround(*elapsed * 1e6))};
  for (const auto& [field, value] : json->members()) {
    if (!is_of_every_event(field)) record.event.fields.emplace_back(field, value_of(value));
  }
  return record;
}

LogCounts read_log(std::string_view text, const std::function<void(Record)>& take) {
  LogCounts counts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::optional<Record> record = read_json_line(text.substr(0, end));
    if (record) take(std::move(*record));
    counts.num_events += record ? 1 : 0;
    counts.num_unreadable += !record && end != std::string_view::npos && end != 0 ? 1 : 0;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return counts;
}

std::optional<WallTime> read_utc(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  }
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const int milliseconds = digits(text, 20, 3);
  if (year < 1970 || year > kLastYear || month < 1 || day < 1 || milliseconds < 0) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
         std::chrono::milliseconds(milliseconds);
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
