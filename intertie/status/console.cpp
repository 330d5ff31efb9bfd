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

std::string because(const Event& event, const char* field) {
  const std::string reason = text_of(event, field);
  return reason.empty() ? "" : ": " + reason;
}

std::string link_changed(const Event& event) {
  const std::string peer = text_of(event, "peer");
  const std::string state = text_of(event, "state");
  if (state == "relayed") return fmt::format("reaches {} over {}{}", peer, text_of(event, "relay"), because(event, "message"));
  if (state == "cut") return fmt::format("has no way to {}{}", peer, because(event, "message"));
  return fmt::format("reaches {} directly", peer);
}

std::string joining(const Event& event) {
  const std::string version = fmt::format("version {}", integer_of(event, "version"));
  if (event.name == "join.began") return fmt::format("fetches {} from {}", version, text_of(event, "donor"));
  return fmt::format("holds {}: {} from {} in {}", version,
                     to_string(Bytes{static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(event, "bytes")))}),
                     text_of(event, "donor"), seconds_to_string(number_of(event, "seconds")));
}

std::string lost_tokens(const Event& event) {
  return count_to_string(static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(event, "lost_tokens")))) + " tokens";
}

// What changes about members and links.
std::string change_of(const Event& event) {
  if (event.name == "view.entered") {
    return fmt::format("view {} from version {} on: {}{}", integer_of(event, "view"), integer_of(event, "from_version"),
                       text_of(event, "members"), because(event, "reason"));
  }
  if (event.name == "merge.ordered") {
    return fmt::format("the open merge to version {} is completed with {} ({})", integer_of(event, "version"),
                       text_of(event, "set"), text_of(event, "order"));
  }
  if (event.name == "samples.lost") {
    return fmt::format("{} of {} are in no merge: samples {}", lost_tokens(event), text_of(event, "peer"),
                       text_of(event, "samples"));
  }
  if (event.name == "link.changed") return link_changed(event);
  if (event.name == "site.left") return fmt::format("{} has left the run{}", text_of(event, "peer"), because(event, "reason"));
  if (event.name == "site.leaving") return "leaves the run" + because(event, "reason");
  if (event.name == "site.fenced") {
    return fmt::format("was taken out of the members (view {}) and comes back without its last {}", integer_of(event, "view"),
                       lost_tokens(event));
  }
  if (event.name == "join.began" || event.name == "join.finished") return joining(event);
  if (event.name == "store.away") {
    return fmt::format("cannot reach the store at {}{}", text_of(event, "peer"), because(event, "message"));
  }
  if (event.name == "store.back") {
    return fmt::format("reaches the store at {} again, after {}", text_of(event, "peer"),
                       seconds_to_string(number_of(event, "seconds")));
  }
  return {};
}

}  // namespace

std::string event_words(const Event& event, const LinkRates& rates) {
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
  return change_of(event);
}

std::string console_line(const Record& record, const LinkRates& rates) {
  const std::string line = event_words(record.event, rates);
  return line.empty() ? line : fmt::format("{:<10} {}", record.site, line);
}

std::string ConsoleLines::line(const Record& record) {
  if (record.event.name == "link.measured") {
    rates_[text_of(record.event, "peer")] = number_of(record.event, "mbit_per_second");
  }
  return console_line(record, rates_);
}

void Console::consume(const Record& record) {
  const std::string line = lines_.line(record);
  if (!line.empty()) print_(line);
}

std::string seconds_to_string(double seconds) {
  constexpr double kYear = 365.0 * 24 * 3600;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 100 * kYear) return "-";
  return to_string(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

}  // namespace intertie::status
