#include "intertie/status/console.h"

#include <fmt/format.h>

#include <cmath>

#include "intertie/status/event_table.h"
#include "intertie/status/event_words.h"
#include "intertie/status/figures.h"

namespace intertie::status {

std::string console_line(const Record& record, const LinkRates& rates) {
  const Event& event = record.event;
  std::string line = kind_of(event).in_lines ? detailed_words_of(event) : "";
  if (line.empty()) return line;
  if (event.name == "progress") {
    for (const auto& [peer, rate] : rates) {
      line += std::isfinite(rate) ? fmt::format("  {} {:.1f} Mbit/s", peer, rate) : fmt::format("  {} idle", peer);
    }
    line += "  ETA " + seconds_to_string(number_of(event, "eta_seconds"));
  }
  return fmt::format("{:<10} {}", record.site, line);
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

}  // namespace intertie::status
