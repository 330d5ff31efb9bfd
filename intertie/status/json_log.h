// JsonLog: events.jsonl, one event a line (event_lines.h). The first line says the schema; a file that exists is
// appended to. When the disk refuses, `failed` is told once and logging stops: training goes on. Thread: the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "intertie/base/result.h"
#include "intertie/env/disk.h"
#include "intertie/status/event_lines.h"

namespace intertie::status {

class JsonLog final : public Consumer {
 public:
  // `opened` is the site and time of the header line. Errors are the disk's.
  static Result<std::unique_ptr<JsonLog>> open(env::Disk& disk, const std::string& path, Record opened,
                                               std::function<void(Error)> failed);
  void consume(const Record& record) override;

 private:
  JsonLog(std::unique_ptr<env::WritableFile> file, std::function<void(Error)> failed)
      : file_(std::move(file)), failed_(std::move(failed)) {}
  Result<void> write(const std::string& line);

  std::unique_ptr<env::WritableFile> file_;  // null after a failure
  std::function<void(Error)> failed_;
};

// A record of the event log.opened.
Record log_opened(const env::Clock& clock, std::string site, std::string program);

}  // namespace intertie::status
