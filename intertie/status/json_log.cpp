#include "intertie/status/json_log.h"

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

// True if a program that was killed left half a line at the end.
bool ends_within_a_line(env::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return false;
  const auto file = disk.map(path);
  return file && !(*file)->bytes().empty() && (*file)->bytes().back() != std::byte{'\n'};
}

}  // namespace

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
