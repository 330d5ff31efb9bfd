// Children: child processes of this one, watched from one thread: their output as whole lines, their ends, and the signals that
// ask this process to stop. Every child has a process group of its own (the terminal's Ctrl-C reaches this process only), reads
// nothing but what it is told here, and is killed by the kernel when this process dies, however that happens. Signals go to
// single processes by id.
// Owner thread: the one that makes it; that thread must outlive the children. One per process.
//
//   Children children;
//   INTERTIE_ASSIGN(const ChildId a, children.start({"/usr/bin/env", "true"}));
//   while (...) std::visit(..., children.next(deadline));
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/clock.h"

namespace intertie::env::real {

using ChildId = std::size_t;  // in the order of start()

struct ChildLine {
  ChildId child = 0;
  bool error_stream = false;
  std::string text;  // without the line break; longer ones come in parts of kMaxLine
};
// After its last line.
struct ChildEnded {
  ChildId child = 0;
  int exit_code = 0;  // valid where signal is 0
  int signal = 0;
};
struct StopRequested {
  int signal = 0;  // SIGINT, SIGTERM or SIGHUP, sent to this process
};
// The watched descriptor has bytes, or its end.
struct InputReady {};
struct TerminalSignal {
  int signal = 0;  // SIGWINCH, SIGTSTP or SIGCONT, sent to this process
};
struct TimedOut {};
using ChildEvent = std::variant<ChildLine, ChildEnded, StopRequested, InputReady, TerminalSignal, TimedOut>;

enum class ChildInput { nothing, told_lines };
enum class TerminalSignals { as_usual, as_events };

class Children {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;

  // From now on SIGINT, SIGTERM and SIGHUP are events.
  explicit Children(TerminalSignals terminal_signals = TerminalSignals::as_usual);
  ~Children();  // kills and reaps what still runs
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // command[0] is a path. SIGINT and SIGTERM reach the child even where this process ignores them, as one does that a shell
  // has started in the background. Errors: reconfigure (not there, not executable).
  Result<ChildId> start(const std::vector<std::string>& command, ChildInput input = ChildInput::nothing);
  // A line on the standard input of a child that is started to be told lines. Does nothing when it has ended, or does not read.
  void tell(ChildId child, const std::string& line);
  // Does nothing when it has ended.
  void signal(ChildId child, int signal);
  // From now on bytes of `descriptor` (a terminal's) are events, until they are read; -1: of none.
  void watch(int descriptor) { watched_ = descriptor; }
  // The next event; TimedOut when there was none until `deadline`.
  ChildEvent next(TimePoint deadline);

 private:
  struct Child;
  struct Signals;
  void poll_once(TimePoint deadline);
  void read_pipe(ChildId id, bool error_stream);
  void read_signals();
  void reap();

  std::unique_ptr<Signals> signals_;
  std::vector<std::unique_ptr<Child>> children_;
  std::deque<ChildEvent> events_;
  int watched_ = -1;
};

// The path of this program.
Result<std::string> own_executable();

// Becomes another program, with this one's process id and terminal; returns only on an error.
Error become(const std::vector<std::string>& command);

// `count` different TCP ports of 127.0.0.1 that nobody listens on now.
Result<std::vector<std::uint16_t>> free_loopback_ports(std::size_t count);

}  // namespace intertie::env::real
