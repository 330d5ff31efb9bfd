// Hand-made event logs for the tests of what reads them: each event is complete, as the table of docs/events.md has it, with
// what the test says of it. One thread.
//
//   LogBook log("ashburn");
//   log.at(0).open().at(5).add("progress", {{"step", std::int64_t{10}}, {"loss", 2.5}});
//   read_history({}, {log.read()});
#pragma once

#include <gtest/gtest.h>

#include "intertie/status/event_lines.h"
#include "intertie/status/event_table.h"
#include "intertie/status/report_history.h"

namespace intertie::status {

class LogBook {
 public:
  using Fields = std::vector<std::pair<std::string, Event::Value>>;

  explicit LogBook(std::string site) : site_(std::move(site)) {}

  // Of what follows: seconds after 2026-10-02 09:00:00 UTC.
  LogBook& at(double seconds) {
    now_ = seconds;
    return *this;
  }

  // A new start of the site's program.
  LogBook& open() {
    start_ = now_;
    return add("log.opened", {{"schema", std::int64_t{kEventSchema}}, {"program", std::string("intertie 0.1.0")}});
  }

  // open() and, a second later, run.started.
  LogBook& start(Fields fields = {}) {
    open().at(now_ + 1);
    Fields all = {{"run", std::string("demo")}, {"method", std::string("diloco")}, {"num_steps", std::int64_t{100}}};
    for (auto& field : fields) all.push_back(std::move(field));
    return add("run.started", std::move(all));
  }

  // Fields that are not given are 0, empty or false.
  LogBook& add(const std::string& name, Fields fields = {}) {
    Event event{.name = name, .fields = std::move(fields)};
    complete(event);
    EXPECT_EQ(fault_of(event), "");
    const auto since = [](double seconds) {
      return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    };
    constexpr std::chrono::seconds kEpoch(1'790'931'600);
    text_ += json_line({.event = std::move(event),
                        .site = site_,
                        .wall = std::chrono::system_clock::time_point(
                            std::chrono::duration_cast<std::chrono::system_clock::duration>(kEpoch + since(now_))),
                        .since_start = since(now_ - start_)});
    return *this;
  }

  // Text as it is.
  LogBook& raw(std::string_view text) {
    text_ += text;
    return *this;
  }

  const std::string& text() const { return text_; }
  SiteLog read() const { return {site_, text_}; }

 private:
  static void complete(Event& event) {
    for (const EventDoc& doc : event_table()) {
      if (doc.name != event.name) continue;
      for (const FieldDoc& field : doc.fields) {
        const bool given =
            std::any_of(event.fields.begin(), event.fields.end(), [&](const auto& each) { return each.first == field.name; });
        if (!given) event.fields.emplace_back(field.name, nothing(field.type));
      }
    }
  }

  static Event::Value nothing(FieldType type) {
    switch (type) {
      case FieldType::flag: return false;
      case FieldType::integer: return std::int64_t{0};
      case FieldType::number: return 0.0;
      case FieldType::text: return std::string();
    }
    return false;
  }

  std::string site_;
  std::string text_;
  double now_ = 0;
  double start_ = 0;
};

}  // namespace intertie::status
