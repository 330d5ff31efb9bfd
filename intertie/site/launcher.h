// The local launcher: runs the sites of a run as processes of this machine and does what site/launch.h decides. What a site
// writes goes to its log file and to a screen; its last words ("error: ...") are held back, and the caller reports only those
// that explain the failure. Owner thread: the calling one, until all have ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intertie/env/clock.h"
#include "intertie/env/disk.h"
#include "intertie/site/launch.h"
#include "intertie/site/launch_script.h"
#include "intertie/status/recorder.h"

namespace intertie::site {

struct LaunchedSite {
  std::string name;
  std::vector<std::string> command;  // [0] is a path
  std::string log;                   // a file that is appended to; its folder is made
  std::vector<std::string> again;    // the command that brings it back; empty: it cannot come back, and is told nothing
  bool writes_events = true;         // lines of JSON on its standard output are events
};

// A line of a site.
struct SiteLine {
  std::string text;                      // as it came
  std::string shown;                     // for a person; empty: nothing
  bool error_stream = false;             // else from standard output
  std::optional<status::Record> record;  // where the line is an event; `since_start` is of the launcher
};

// What a person sees of the run, and what is asked by keys. Launcher's thread. Nothing of it may wait: while it does, nobody
// reads what the sites write.
class LaunchScreen {
 public:
  virtual ~LaunchScreen() = default;
  virtual void show(std::size_t site, const SiteLine& line) = 0;
  virtual void say(const std::string& line) = 0;  // of the launcher itself
  // After anything that happened, with what the launcher knows of the sites and links.
  virtual void look_at(const Launch&) {}

  // It draws on a terminal, and wants its signals.
  virtual bool is_terminal() const { return false; }
  // Whose bytes are keys, now; -1: nothing's. Where it has any, requests() is asked.
  virtual int keys() const { return -1; }
  virtual std::vector<LaunchRequest> requests() { return {}; }
  virtual void signalled(int /*SIGWINCH, SIGTSTP or SIGCONT*/) {}
  // When draw() wants to be called; far in the future: not before something happens.
  virtual env::TimePoint deadline() const { return env::TimePoint::max(); }
  virtual void draw() {}
};

// Lines as they come.
class LineScreen final : public LaunchScreen {
 public:
  using Print = std::function<void(const std::string& line)>;
  // What sites write to standard output; what they write to standard error, and the launcher's own lines.
  LineScreen(Print print, Print print_error) : print_(std::move(print)), print_error_(std::move(print_error)) {}
  void show(std::size_t site, const SiteLine& line) override;
  void say(const std::string& line) override { print_error_(line); }

 private:
  Print print_;
  Print print_error_;
};

struct LauncherServices {
  env::Disk& disk;
  const env::Clock& clock;
  LaunchScreen& screen;
  bool json = false;  // lines are shown and logged as they come; else events as their lines for a person
  LaunchScript script = {};
};

// What a failing site writes before its message, on standard error.
inline constexpr const char* kErrorPrefix = "error: ";

// Errors: a program that cannot be started, a log that cannot be written; no process is left then.
Result<Launch::Outcome> run_sites(const std::vector<LaunchedSite>& sites, const LauncherServices& services);

}  // namespace intertie::site
