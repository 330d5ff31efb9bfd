#include "intertie/env/real/children.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "intertie/base/check.h"
#include "intertie/env/real/descriptor.h"

namespace intertie::env::real {
namespace {

Error system_error(const std::string& where, const std::string& what, ErrorCode code = ErrorCode::give_up) {
  return Error{.code = code, .where = where, .what = what + ": " + std::strerror(errno), .fix = {}, .cause = nullptr};
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error({}, "no pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Of a child's standard input. A socket, so that to write to one who is gone raises no signal.
Result<Pipe> make_input(ChildInput input) {
  if (input == ChildInput::nothing) return Pipe{Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), {}};
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return system_error({}, "no pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> arguments(const std::vector<std::string>& command) {
  std::vector<char*> pointers;
  for (const std::string& argument : command) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Error not_executable(const std::string& path, int error) {
  errno = error;
  return system_error(path, "cannot be started", ErrorCode::reconfigure);
}

sigset_t watched_signals(TerminalSignals terminal_signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  if (terminal_signals == TerminalSignals::as_usual) return set;
  for (const int signal : {SIGWINCH, SIGTSTP, SIGCONT}) sigaddset(&set, signal);
  return set;
}

// What the new process does between fork and exec: system calls only. Tells a failure of exec as errno through `failure`.
struct Inherited {
  const Pipe& in;
  const Pipe& out;
  const Pipe& err;
  int failure = -1;
  pid_t parent = 0;
  const sigset_t& mask;
};
[[noreturn]] void be_child(char* const* argv, const Inherited& from) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != from.parent) ::_exit(1);  // the parent died before the line above
  ::dup2(from.in.read.get(), STDIN_FILENO);
  ::dup2(from.out.write.get(), STDOUT_FILENO);
  ::dup2(from.err.write.get(), STDERR_FILENO);
  for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);  // what is ignored stays so across exec
  ::sigprocmask(SIG_SETMASK, &from.mask, nullptr);
  ::execv(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(from.failure, &error, sizeof(error));
  ::_exit(127);
}

int milliseconds_until(TimePoint deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  if (left <= Duration(0)) return 0;
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(whole, 60'000));
}

}  // namespace

struct Children::Child {
  pid_t pid = 0;
  Descriptor input;                 // open where it is told lines
  std::array<Descriptor, 2> pipes;  // standard output, standard error
  std::array<std::string, 2> partial;
  std::optional<ChildEnded> ended;  // reaped; told once the pipes are empty
  bool told = false;
};

struct Children::Signals {
  sigset_t before{};
  Descriptor descriptor;
};

Children::Children(TerminalSignals terminal_signals) : signals_(std::make_unique<Signals>()) {
  const sigset_t set = watched_signals(terminal_signals);
  INTERTIE_CHECK_EQ(::sigprocmask(SIG_BLOCK, &set, &signals_->before), 0);
  signals_->descriptor = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  INTERTIE_CHECK(signals_->descriptor.open());
}

Children::~Children() {
  for (const auto& child : children_) {
    if (child->ended) continue;
    ::kill(child->pid, SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
  }
  read_signals();  // a signal that came late must not end this process now
  ::sigprocmask(SIG_SETMASK, &signals_->before, nullptr);
}

Result<ChildId> Children::start(const std::vector<std::string>& command, ChildInput input) {
  INTERTIE_CHECK(!command.empty());
  const std::vector<char*> argv = arguments(command);
  INTERTIE_ASSIGN(Pipe in, make_input(input));
  INTERTIE_ASSIGN(Pipe out, make_pipe());
  INTERTIE_ASSIGN(Pipe err, make_pipe());
  INTERTIE_ASSIGN(Pipe failure, make_pipe());
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(command[0], "no new process");
  if (pid == 0) be_child(argv.data(), {in, out, err, failure.write.get(), parent, signals_->before});
  ::setpgid(pid, pid);  // whoever is first
  failure.write.close();
  int error = 0;
  if (::read(failure.read.get(), &error, sizeof(error)) == sizeof(error)) {
    ::waitpid(pid, nullptr, 0);
    return not_executable(command[0], error);
  }
  auto child = std::make_unique<Child>();
  child->pid = pid;
  child->input = std::move(in.write);
  child->pipes = {std::move(out.read), std::move(err.read)};
  for (const Descriptor& pipe : child->pipes) ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  children_.push_back(std::move(child));
  return children_.size() - 1;
}

void Children::signal(ChildId child, int signal) {
  if (!children_[child]->ended) ::kill(children_[child]->pid, signal);
}

void Children::tell(ChildId child, const std::string& line) {
  const Descriptor& input = children_[child]->input;
  const std::string text = line + "\n";
  if (input.open()) ::send(input.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

ChildEvent Children::next(TimePoint deadline) {
  while (events_.empty()) {
    poll_once(deadline);
    if (events_.empty() && std::chrono::steady_clock::now() >= deadline) return TimedOut{};
  }
  ChildEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Children::poll_once(TimePoint deadline) {
  struct Source {
    ChildId child = 0;
    bool error_stream = false;
  };
  // poll() passes over a descriptor below 0.
  std::vector<pollfd> polled = {{.fd = signals_->descriptor.get(), .events = POLLIN, .revents = 0},
                                {.fd = watched_, .events = POLLIN, .revents = 0}};
  std::vector<Source> sources(polled.size());
  for (ChildId id = 0; id < children_.size(); ++id) {
    for (const bool error_stream : {false, true}) {
      const Descriptor& pipe = children_[id]->pipes[error_stream ? 1 : 0];
      if (!pipe.open()) continue;
      polled.push_back({.fd = pipe.get(), .events = POLLIN, .revents = 0});
      sources.push_back({id, error_stream});
    }
  }
  if (::poll(polled.data(), polled.size(), milliseconds_until(deadline)) <= 0) return;
  if (polled[1].revents != 0) events_.push_back(InputReady{});
  for (std::size_t i = 2; i < polled.size(); ++i) {
    if (polled[i].revents != 0) read_pipe(sources[i].child, sources[i].error_stream);
  }
  if (polled[0].revents != 0) read_signals();
  reap();
}

void Children::read_pipe(ChildId id, bool error_stream) {
  const std::size_t which = error_stream ? 1 : 0;
  Child& child = *children_[id];
  std::string& partial = child.partial[which];
  std::array<char, 16384> buffer{};
  const ssize_t size = ::read(child.pipes[which].get(), buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    if (!partial.empty()) events_.push_back(ChildLine{id, error_stream, std::exchange(partial, {})});
    child.pipes[which].close();
    return;
  }
  for (ssize_t i = 0; i < size; ++i) {
    const char c = buffer[static_cast<std::size_t>(i)];
    if (c != '\n') partial += c;
    if (c == '\n' || partial.size() >= kMaxLine) events_.push_back(ChildLine{id, error_stream, std::exchange(partial, {})});
  }
}

void Children::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_->descriptor.get(), &info, sizeof(info)) == sizeof(info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH || signal == SIGTSTP || signal == SIGCONT) {
      events_.push_back(TerminalSignal{signal});
    } else if (signal != SIGCHLD) {
      events_.push_back(StopRequested{signal});
    }
  }
}

// A child's end is told after its last line. Its pipes may stay open in a process that it left behind: what is there now is
// read.
void Children::reap() {
  for (ChildId id = 0; id < children_.size(); ++id) {
    Child& child = *children_[id];
    int status = 0;
    if (!child.ended && ::waitpid(child.pid, &status, WNOHANG) == child.pid) {
      const bool exited = WIFEXITED(status);
      child.ended = ChildEnded{id, exited ? WEXITSTATUS(status) : 0, exited ? 0 : WTERMSIG(status)};
    }
    if (!child.ended || child.told) continue;
    for (const bool error_stream : {false, true}) {
      Descriptor& pipe = child.pipes[error_stream ? 1 : 0];
      while (pipe.open()) {
        pollfd more{.fd = pipe.get(), .events = POLLIN, .revents = 0};
        if (::poll(&more, 1, 0) <= 0) pipe.close();
        if (pipe.open()) read_pipe(id, error_stream);
      }
      std::string& partial = child.partial[error_stream ? 1 : 0];
      if (!partial.empty()) events_.push_back(ChildLine{id, error_stream, std::exchange(partial, {})});
    }
    child.told = true;
    events_.push_back(*child.ended);
  }
}

Result<std::string> own_executable() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return system_error("/proc/self/exe", "cannot be read");
  return std::string(path.data(), static_cast<std::size_t>(size));
}

Error become(const std::vector<std::string>& command) {
  const std::vector<char*> argv = arguments(command);
  ::execv(argv[0], argv.data());
  return not_executable(command[0], errno);
}

Result<std::vector<std::uint16_t>> free_loopback_ports(std::size_t count) {
  std::vector<Descriptor> sockets;  // all open until the last is found, so that they differ
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const int socket = sockets.back().get();
    if (::bind(socket, generic, size) != 0 || ::getsockname(socket, generic, &size) != 0) {
      return system_error("127.0.0.1", "no free port");
    }
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

}  // namespace intertie::env::real
