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
  const double rate = std::max(0.0, number_of(event, "tokens_per_second"));
  return count_to_string(std::isfinite(rate) ? static_cast<std::uint64_t>(rate) : 0) + " tokens/s";
}

std::string shares(const Event& event) {
  return fmt::format("computing {} waiting {} encoding {}", percent(event, "computing_share"), percent(event, "waiting_share"),
                     percent(event, "encoding_share"));
}

std::string progress(const Event& event, const LinkRates& rates) {
  const double step = number_of(event, "step");
  const double steps = std::max(1.0, number_of(event, "num_steps"));
  const double loss = number_of(event, "loss");
  std::string line =
      fmt::format("step {}/{} {:3.0f} %  loss {}  {}  {}", step, steps, 100 * step / steps,
                  std::isfinite(loss) ? fmt::format("{:.3f}", loss) : "-", tokens_per_second(event), shares(event));
  for (const auto& [peer, rate] : rates) {
    line += std::isfinite(rate) ? fmt::format("  {} {:.1f} Mbit/s", peer, rate) : fmt::format("  {} idle", peer);
  }
  return line + "  ETA " + seconds_to_string(number_of(event, "eta_seconds"));
}

std::string started(const Event& event) {
  return fmt::format("{}: {}, {} steps, {}{}{}", text_of(event, "run"), text_of(event, "trainer"),
                     integer_of(event, "num_steps"), text_of(event, "method"),
                     flag_of(event, "emulated") ? ", links are emulated" : "",
                     flag_of(event, "paced") ? ", steps are paced" : "");
}

// Only the site that evaluates knows the validation loss.
std::string finished(const Event& event) {
  const double loss = number_of(event, "validation_loss");
  return fmt::format("{} at step {}: {}{}, {}, parameters {}", flag_of(event, "complete") ? "done" : "stopped",
                     integer_of(event, "step"), std::isfinite(loss) ? fmt::format("validation loss {:.4f}, ", loss) : "",
                     seconds_to_string(number_of(event, "seconds")), shares(event), text_of(event, "parameters_hash"));
}

std::string line_of(const Event& event, const LinkRates& rates) {
  if (event.name == "progress") return progress(event, rates);
  if (event.name == "run.started") return started(event);
  if (event.name == "run.finished") return finished(event);
  if (event.name == "run.resumed") {
    return fmt::format("going on from step {} ({})", integer_of(event, "step"), text_of(event, "checkpoint"));
  }
  if (event.name == "site.connected") {
    return fmt::format("connected to {} at {}: {} streams, {}", text_of(event, "peer"), text_of(event, "address"),
                       integer_of(event, "streams"), text_of(event, "congestion_control"));
  }
  if (event.name == "connection.refused") {
    return "refused a connection: " + text_of(event, "message");
  }
  if (event.name == "evaluation") {
    return fmt::format("step {}  validation loss {:.4f}", integer_of(event, "step"), number_of(event, "loss"));
  }
  if (event.name == "checkpoint.complete") return fmt::format("checkpoint {} is complete", integer_of(event, "version"));
  if (event.name == "run.stopping") {
    return fmt::format("stopping at version {}: {}", integer_of(event, "version"), text_of(event, "reason"));
  }
  if (event.name == "warning") return "warning: " + text_of(event, "message");
  return {};
}

}  // namespace

std::string console_line(const Record& record, const LinkRates& rates) {
  const std::string line = line_of(record.event, rates);
  return line.empty() ? line : fmt::format("{:<10} {}", record.site, line);
}

void Console::consume(const Record& record) {
  if (record.event.name == "link.measured") {
    rates_[text_of(record.event, "peer")] = number_of(record.event, "mbit_per_second");
  }
  const std::string line = console_line(record, rates_);
  if (!line.empty()) print_(line);
}

std::string seconds_to_string(double seconds) {
  constexpr double kYear = 365.0 * 24 * 3600;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 100 * kYear) return "-";
  return to_string(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

}  // namespace intertie::status
