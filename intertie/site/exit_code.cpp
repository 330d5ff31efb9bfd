#include "intertie/site/exit_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace intertie::site {
namespace {

struct Row {
  ExitCode code;
  const char* meaning;
  const char* next;
};

constexpr std::array<Row, 6> kRows = {{
    {ExitCode::done, "Done.", ""},
    {ExitCode::failed, "Failed: the machine, another site, or a fault of the program. What is on disk is intact.",
     "Read the message; go on with `--resume`."},
    {ExitCode::input,
     "The command line, the run file, the data or a certificate is wrong. Found before anything is written, but for what shows "
     "only later (the sites differ, a port is in use, the folder holds a run already): then there are logs and encoded text.",
     "Change what the message names."},
    {ExitCode::stopped,
     "Stopped because someone asked: with a checkpoint if the run had begun; before that there is none. Or this site was asked "
     "to leave: the others go on, and it says so. Of `stop` and `leave`: Ctrl-C, and the request stands; of `status --once`: "
     "Ctrl-C before all sites had answered.",
     "Go on with `--resume`, or start anew where there is no checkpoint. A site that left comes back with `--resume`."},
    {ExitCode::unreachable,
     "The other sites could not be reached, or were lost. Of `status`, `stop` and `leave`: no site answered, or the visit "
     "ended too early; of `stop` and `leave`: Ctrl-C before any site had answered, and nothing was asked.",
     "Start all sites, with `--resume` if the run had begun. Of a visit: look whether they run, and come again."},
    {ExitCode::store_away,
     "The site that holds the store was away for longer than `run.store_wait`, and this site could not go on without it.",
     "Bring that site back, then start all sites with `--resume`."},
}};

}  // namespace

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::retry: return ExitCode::unreachable;
    case ErrorCode::reconfigure: return ExitCode::input;
    case ErrorCode::cancelled: return ExitCode::stopped;
    case ErrorCode::store_away: return ExitCode::store_away;
    case ErrorCode::rejoin:
    case ErrorCode::give_up: return ExitCode::failed;
  }
  return ExitCode::failed;
}

ExitCode exit_code_from(int code) {
  const bool known =
      std::any_of(kRows.begin(), kRows.end(), [code](const Row& row) { return static_cast<int>(row.code) == code; });
  return known ? static_cast<ExitCode>(code) : ExitCode::failed;
}

std::string exit_codes_page() {
  std::string page = R"(# Exit codes

Of `intertie` and `intertie-trainer`. This page is generated (`intertie docs exit-codes`). Where sites that `--local` started end with
different codes, it is the code of those that finished (3 if one of them did not come to the end). Where none finished, or one failed
before all had come together or after a request to stop, it is the code of the one that explains the others: a 2 before a death by a
signal, that before a 1, and a 4 last; of equals, the one that ended first.

| code | meaning | what to do |
|---|---|---|
)";
  for (const Row& row : kRows) page += fmt::format("| {} | {} | {} |\n", static_cast<int>(row.code), row.meaning, row.next);
  return page;
}

}  // namespace intertie::site
