#include "intertie/cli/screen.h"

#include <unistd.h>

#include "intertie/site/site_output.h"
#include "intertie/status/json_log.h"

namespace intertie::cli {
namespace {

std::string missing(std::uint64_t num_dropped) { return site::not_shown(num_dropped, "each site's log.txt has its own"); }
std::string notice(std::uint64_t num_dropped) { return missing(num_dropped) + "\n"; }

}  // namespace

Screen::Screen(const env::Clock& clock, bool json)
    : clock_(clock),
      start_(clock.now()),
      out_(STDOUT_FILENO, {.notice = [this, json](std::uint64_t count) { return json ? notice_event(count) : notice(count); }}),
      error_(STDERR_FILENO, {.notice = notice}) {}

Screen::~Screen() { settle(); }

bool Screen::errors_are_on_a_terminal() { return ::isatty(STDERR_FILENO) == 1; }

void Screen::print(std::string text) {
  out_.write(std::move(text));
  tell_fault();
}

void Screen::print_error(const std::string& line) { error_.write(line + "\n"); }

void Screen::settle() {
  out_.finish();
  tell_fault();
  error_.finish();
}

std::string Screen::notice_event(std::uint64_t num_dropped) const {
  return status::json_line({.event = {"warning", {{"message", missing(num_dropped)}}},
                            .site = {},
                            .wall = clock_.wall(),
                            .since_start = clock_.now() - start_});
}

void Screen::tell_fault() {
  const std::string fault = told_fault_ ? "" : out_.fault();
  if (fault.empty()) return;
  told_fault_ = true;
  print_error("standard output: cannot be written: " + fault + "; the run goes on, and its logs have it all");
}

}  // namespace intertie::cli
