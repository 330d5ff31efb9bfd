// The local launcher: runs the sites of a run as processes of this machine and does what site/launch.h decides. Every line of
// a site goes to its log file and, whole, to the terminal; its last words ("error: ...") are held back, and the caller reports
// only those that explain the failure. Owner thread: the calling one, until all have ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intertie/env/clock.h"
#include "intertie/env/disk.h"
#include "intertie/site/launch.h"

namespace intertie::site {

struct LaunchedSite {
  std::string name;
  std::vector<std::string> command;  // [0] is a path
  std::string log;                   // a file that is appended to; its folder is made
};

struct LauncherServices {
  env::Disk& disk;
  const env::Clock& clock;
  // Neither may wait: while they do, nobody reads what the sites write.
  std::function<void(const std::string& line)> print;        // what sites write to standard output
  std::function<void(const std::string& line)> print_error;  // and to standard error, and the launcher's own lines
};

// What a failing site writes before its message, on standard error.
inline constexpr const char* kErrorPrefix = "error: ";

// Errors: a program that cannot be started, a log that cannot be written; no process is left then.
Result<Launch::Outcome> run_sites(const std::vector<LaunchedSite>& sites, const LauncherServices& services);

}  // namespace intertie::site
