#include "intertie/site/site_output.h"

#include <fmt/format.h>

#include "intertie/status/json_log.h"

namespace intertie::site {

using Importance = env::real::TextOutput::Importance;

SiteOutput::SiteOutput(int descriptor, Options options)
    : options_(std::move(options)),
      out_(descriptor, {.notice = [this](std::uint64_t num_dropped) { return notice(num_dropped); }}),
      console_([this](const std::string& line) { show(line + "\n"); }) {}

void SiteOutput::consume(const status::Record& record) {
  latest_ = record;
  options_.json ? show(status::json_line(record)) : console_.consume(record);
}

// What comes again and again may be missed: progress, and what only programs read.
void SiteOutput::show(std::string line) {
  const bool again = latest_.event.name == "progress" || status::console_line(latest_, {}).empty();
  out_.write(std::move(line), again ? Importance::progress : Importance::usual);
}

std::string SiteOutput::notice(std::uint64_t num_dropped) const {
  status::Record record = latest_;
  record.event = {"warning", {{"message", not_shown(num_dropped, options_.log + " has every event")}}};
  return options_.json ? status::json_line(record) : status::console_line(record, {}) + "\n";
}

std::string not_shown(std::uint64_t num_dropped, const std::string& instead) {
  return fmt::format("{} lines are missing here, since nothing took them; {}", num_dropped, instead);
}

}  // namespace intertie::site
