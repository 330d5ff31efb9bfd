#include "intertie/status/json_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "intertie/base/json.h"
#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

std::string utc(std::chrono::system_clock::time_point wall) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds % 1000);
}

Event::Value event_value(const Json& value) {
  if (value.boolean()) return *value.boolean();
  if (value.integer()) return *value.integer();
  if (value.number()) return *value.number();
  if (value.text()) return *value.text();
  return std::numeric_limits<double>::quiet_NaN();  // null stands for a number that is not finite
}

// True if a program that was killed left half a line at the end.
bool ends_within_a_line(env::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return false;
  const auto file = disk.map(path);
  return file && !(*file)->bytes().empty() && (*file)->bytes().back() != std::byte{'\n'};
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
  constexpr double kMostSeconds = 1e9;
  if (!line.starts_with('{')) return std::nullopt;
  const Result<Json> json = parse_json(line);
  if (!json || !(*json)["event"].text() || !(*json)["site"].text()) return std::nullopt;
  Record record{.event = {.name = *(*json)["event"].text(), .fields = {}},
                .site = *(*json)["site"].text(),
                .wall = {},
                .since_start = {}};
  const double elapsed = std::clamp((*json)["elapsed"].number().value_or(0), 0.0, kMostSeconds);
  record.since_start = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(elapsed));
  static constexpr std::array<std::string_view, 4> kOfEveryLine = {"time", "elapsed", "site", "event"};
  for (const auto& [name, value] : json->members()) {
    if (std::find(kOfEveryLine.begin(), kOfEveryLine.end(), name) != kOfEveryLine.end()) continue;
    record.event.fields.emplace_back(name, event_value(value));
  }
  return record;
}

Result<std::unique_ptr<JsonLog>> JsonLog::open(env::Disk& disk, const std::string& path, Record opened,
                                               std::function<void(Error)> failed) {
  const bool torn = ends_within_a_line(disk, path);
  INTERTIE_ASSIGN(auto file, disk.append_to(path));
  std::unique_ptr<JsonLog> log(new JsonLog(std::move(file), std::move(failed)));
  INTERTIE_RETURN_IF_ERROR(log->write((torn ? "\n" : "") + json_line(opened)));
  return log;
}

void JsonLog::consume(const Record& record) {
  if (!file_) return;
  const Result<void> written = write(json_line(record));
  if (written) return;
  file_.reset();
  failed_(written.error().in("writing the event log; no further events are logged"));
}

Result<void> JsonLog::write(const std::string& line) { return file_->append(std::as_bytes(std::span(line))); }

Record log_opened(const env::Clock& clock, std::string site, std::string program) {
  Event event{.name = "log.opened", .fields = {{"schema", std::int64_t{kEventSchema}}, {"program", std::move(program)}}};
  return Record{.event = std::move(event), .site = std::move(site), .wall = clock.wall(), .since_start = Duration(0)};
}

}  // namespace intertie::status
