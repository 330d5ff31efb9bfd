#include "intertie/status/summary.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "intertie/base/json.h"
#include "intertie/base/units.h"
#include "intertie/status/console.h"
#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

Event::Value value_of(const Json& value) {
  if (value.boolean()) return *value.boolean();
  if (value.integer()) return *value.integer();
  if (value.number()) return *value.number();
  if (value.text()) return *value.text();
  return std::numeric_limits<double>::quiet_NaN();  // null stands for a number that is not finite
}

Event event_of(const Json& line) {
  Event event{.name = *line["event"].text(), .fields = {}};
  for (const auto& [name, value] : line.members()) event.fields.emplace_back(name, value_of(value));
  return event;
}

void take(SiteSummary& summary, const Json& line) {
  if (line["event"] == "log.opened") summary.finished = Event{};
  if (line["event"] == "run.finished") summary.finished = event_of(line);
  if (line["event"] == "run.started") {
    summary.emulated = line["emulated"].boolean().value_or(false);
    summary.paced = line["paced"].boolean().value_or(false);
  }
}

std::string fixed(double value, int decimals) { return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "-"; }

std::string bytes(const Event& event, const char* field) {
  return to_string(Bytes{static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(event, field)))});
}

std::string row(const SiteSummary& site) {
  const Event& end = site.finished;
  if (end.name.empty()) return fmt::format("{:<12} has not finished\n", site.site);
  return fmt::format("{:<12} {:>9} {:>9} {:>9} {:>10} {:>7} {:>7} {:>7} {:>10} {:>10}\n", site.site, integer_of(end, "step"),
                     fixed(number_of(end, "loss"), 3), fixed(number_of(end, "validation_loss"), 4),
                     fixed(number_of(end, "tokens_per_second"), 0), fixed(100 * number_of(end, "computing_share"), 1),
                     fixed(100 * number_of(end, "waiting_share"), 1), fixed(100 * number_of(end, "encoding_share"), 1),
                     bytes(end, "bytes_sent"), bytes(end, "bytes_received"));
}

// What is the same at all sites, or that it is not.
std::string common(const std::vector<SiteSummary>& sites) {
  const Event& first = sites.front().finished;
  for (const SiteSummary& site : sites) {
    if (site.finished.name.empty()) return {};
    if (text_of(site.finished, "parameters_hash") != text_of(first, "parameters_hash")) {
      return fmt::format("the parameters of {} and {} differ\n", sites.front().site, site.site);
    }
  }
  return fmt::format("{} tokens in {}; final parameters {}{}\n",
                     count_to_string(static_cast<std::uint64_t>(integer_of(first, "tokens"))),
                     seconds_to_string(number_of(first, "seconds")), text_of(first, "parameters_hash"),
                     sites.size() > 1 ? ", the same at all sites" : "");
}

}  // namespace

SiteSummary summarise(const std::string& site, std::string_view log) {
  SiteSummary summary{.site = site, .emulated = false, .paced = false, .finished = {}};
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    if (const Result<Json> line = parse_json(log.substr(0, end))) take(summary, *line);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
  }
  return summary;
}

std::string summary_table(const std::vector<SiteSummary>& sites) {
  if (sites.empty()) return {};
  std::string table = fmt::format("{:<12} {:>9} {:>9} {:>9} {:>10} {:>7} {:>7} {:>7} {:>10} {:>10}\n", "site", "steps", "loss",
                                  "val loss", "tokens/s", "comp %", "wait %", "enc %", "sent", "received");
  bool emulated = false;
  bool paced = false;
  for (const SiteSummary& site : sites) {
    table += row(site);
    emulated = emulated || site.emulated;
    paced = paced || site.paced;
  }
  table += common(sites);
  if (emulated) table += "links were emulated on this machine\n";
  if (paced) table += "steps were paced\n";
  return table;
}

}  // namespace intertie::status
