#include "tools/wan/program.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace intertie::wan {
namespace {

constexpr int kMostAtOnce = 16;  // frames of one site, before the others have their turn

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Program::Program(Options options, std::vector<Space> spaces)
    : options_(std::move(options)),
      spaces_(std::move(spaces)),
      lines_(lines_of(options_, pool_)),
      read_(pool_.take(kLongestFrame)) {
  for (const Space& space : spaces_) {
    for (std::size_t path = 0; path < options_.paths; ++path) polled_.push_back({space.descriptor(path), POLLIN, 0});
  }
  polled_.push_back({STDIN_FILENO, POLLIN, 0});
}

void Program::run(const volatile std::sig_atomic_t& ends) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  begin_statistics();
  say("ready");
  while (!quits_ && ends == 0) {
    wait(before);
    deliver();
    for (std::size_t i = 0; i + 1 < polled_.size(); ++i) {
      if ((polled_[i].revents & POLLIN) != 0) take_from(i / options_.paths, i % options_.paths);
    }
    if (polled_.back().revents != 0) read_commands();
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  say(statistics());
}

void Program::wait(const sigset_t& let_in) {
  timespec left{};
  const auto next = lines_.next();
  if (next) {
    const std::int64_t wait = std::max<std::int64_t>(0, (*next - now()).count());
    left = {wait / 1'000'000'000, wait % 1'000'000'000};
  }
  for (pollfd& each : polled_) each.revents = 0;
  ppoll(polled_.data(), polled_.size(), next ? &left : nullptr, &let_in);
}

void Program::deliver() {
  while (auto due = lines_.take(now())) {
    work_.lateness.add(due->late);
    if (!spaces_[due->way.to].write(due->way.path, due->frame->bytes())) ++work_.refused;
  }
}

void Program::take_from(std::size_t site, std::size_t path) {
  for (int i = 0; i < kMostAtOnce; ++i) {
    const std::size_t size = spaces_[site].read(path, read_->room);
    if (size == 0) break;
    Frame frame = pool_.keep(read_, size);
    const auto to = destination_of(frame->bytes());
    if (to && to->path == path && to->site < spaces_.size() && to->site != site) {
      lines_.send({site, to->site, path}, std::move(frame), now());
    } else {
      ++work_.strays;
    }
  }
  deliver();
}

void Program::read_commands() {
  std::array<char, 512> buffer;
  const ssize_t size = read(STDIN_FILENO, buffer.data(), buffer.size());
  quits_ = size <= 0;
  for (ssize_t i = 0; i < size; ++i) {
    if (buffer[static_cast<std::size_t>(i)] != '\n') {
      typed_ += buffer[static_cast<std::size_t>(i)];
    } else {
      obey(std::exchange(typed_, {}));
    }
  }
}

void Program::obey(const std::string& text) {
  const Result<Command> command = parse_command(text, options_);
  if (!command) return say("error: " + command.error().message());
  switch (command->kind) {
    case Command::Kind::quit: quits_ = true; break;
    case Command::Kind::stats: return say(statistics());
    case Command::Kind::reset: begin_statistics(); break;
    default: apply(*command, lines_);
  }
  say("ok");
}

void Program::begin_statistics() {
  work_ = {};
  lines_.forget_counts();
  began_ = now();
  cpu_before_ = cpu_seconds();
}

std::string Program::statistics() {
  work_.seconds = seconds_of(now() - began_);
  work_.cpu_seconds = cpu_seconds() - cpu_before_;
  return report(options_, lines_, work_);
}

void be_punctual() {
  prctl(PR_SET_TIMERSLACK, 1);
  sched_param priority{};
  priority.sched_priority = 10;
  if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) std::perror("wan: without real-time priority");
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) std::perror("wan: without locked memory");
}

}  // namespace intertie::wan
