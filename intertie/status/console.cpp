#include "intertie/status/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intertie/base/units.h"
#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

std::string percent(const Event& event, const std::string& field) {
  return fmt::format("{:.0f} %", 100 * number_of(event, field));
}

std::string tokens_per_second(const Event& event) {
  const double rate = number_of(event, "tokens_per_second");
  const bool countable = std::isfinite(rate) && rate >= 0 && rate < 1e18;
  return count_to_string(countable ? static_cast<std::uint64_t>(rate) : 0) + " tokens/s";
}

std::string shares(const Event& event) {
  return fmt::format("computing {} waiting {} encoding {}", percent(event, "computing"), percent(event, "waiting"),
                     percent(event, "encoding"));
}

std::string progress(const Event& event, const Pace& pace) {
  const std::int64_t step = integer_of(event, "step");
  const std::int64_t steps = std::max<std::int64_t>(1, integer_of(event, "steps"));
  std::string line = fmt::format("step {}/{} {:3} %  loss {:.3f}  {}  {}", step, steps, 100 * step / steps,
                                 number_of(event, "loss"), tokens_per_second(event), shares(event));
  for (const auto& [peer, rate] : pace.mbit_per_second) line += fmt::format("  {} {:.1f} Mbit/s", peer, rate);
  return line + "  ETA " + seconds_to_string(static_cast<double>(steps - step) * pace.seconds_per_step);
}

std::string started(const Event& event) {
  const std::int64_t version = integer_of(event, "version");
  return fmt::format("{}: {} parameters, {}", version == 0 ? "begins" : fmt::format("goes on from version {}", version),
                     count_to_string(static_cast<std::uint64_t>(integer_of(event, "parameters"))), text_of(event, "model"));
}

std::string site_started(const Event& event) {
  return fmt::format("run {}, {} over {} sites: {} steps{}{}", text_of(event, "run"), text_of(event, "method"),
                     integer_of(event, "num_sites"), integer_of(event, "num_steps"),
                     flag_of(event, "emulated") ? ", links are emulated" : "",
                     flag_of(event, "paced") ? ", steps are paced" : "");
}

std::string finished(const Event& event) {
  return fmt::format("{} at version {} after {}: {}, parameters {}", flag_of(event, "complete") ? "complete" : "stopped",
                     integer_of(event, "version"), seconds_to_string(number_of(event, "seconds")), shares(event),
                     text_of(event, "parameters"));
}

std::string line_of(const Event& event, const Pace& pace) {
  if (event.name == "progress") return progress(event, pace);
  if (event.name == "site.started") return site_started(event);
  if (event.name == "run.started") return started(event);
  if (event.name == "run.finished") return finished(event);
  if (event.name == "site.connected") return "connected to " + text_of(event, "peer");
  if (event.name == "evaluation") {
    return fmt::format("step {}  validation loss {:.4f}", integer_of(event, "step"), number_of(event, "loss"));
  }
  if (event.name == "checkpoint.complete") return fmt::format("checkpoint {} is complete", integer_of(event, "version"));
  if (event.name == "run.stopping") {
    return fmt::format("stopping at version {}: {}", integer_of(event, "version"), text_of(event, "reason"));
  }
  if (event.name == "error") return "note: " + text_of(event, "message");
  return {};
}

}  // namespace

std::string console_line(const Record& record, const Pace& pace) {
  const std::string line = line_of(record.event, pace);
  return line.empty() ? line : fmt::format("{:<10} {}", record.site, line);
}

void Console::consume(const Record& record) {
  if (record.event.name == "link.measured") {
    pace_.mbit_per_second[text_of(record.event, "peer")] = number_of(record.event, "mbit_per_second");
  }
  if (record.event.name == "progress") take_pace(record);
  const std::string line = console_line(record, pace_);
  if (!line.empty()) print_(line);
}

// From the first progress of this start on, so that an uneven interval hardly moves it.
void Console::take_pace(const Record& record) {
  const std::int64_t step = integer_of(record.event, "step");
  if (!first_) first_ = Mark{step, record.since_start};
  if (step > first_->step) {
    const double elapsed = std::chrono::duration<double>(record.since_start - first_->at).count();
    pace_.seconds_per_step = elapsed / static_cast<double>(step - first_->step);
  }
}

std::string seconds_to_string(double seconds) {
  constexpr double kYear = 365.0 * 24 * 3600;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 100 * kYear) return "-";
  return to_string(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

}  // namespace intertie::status
