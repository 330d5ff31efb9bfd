// wan --sites a,b,c --rtt 80ms [--prefix wan-]: a network namespace for each site, and a line with that round trip between
// every two of them. Prints "ready" when they are there, and then answers each line of its standard input
// (tools/wan/commands.h) with one of its own. Ends with `quit`, at the end of its input, with SIGINT or SIGTERM, and removes
// the namespaces.
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

#include "tools/wan/commands.h"
#include "tools/wan/space.h"

namespace intertie::wan {
namespace {

constexpr int kMostAtOnce = 16;  // frames of one site, before the others have their turn

volatile std::sig_atomic_t ends = 0;

void end(int) { ends = 1; }

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// How much later than due frames left: a figure that was taken with this program says little where it is large.
class Lateness {
 public:
  void add(Duration late) { ++counts_[static_cast<std::size_t>(std::clamp<std::int64_t>(late.count() / 1000, 0, kMost))]; }
  std::int64_t microseconds(double share) const {
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts_) all += count;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(all)) return static_cast<std::int64_t>(i);
    }
    return 0;
  }

 private:
  static constexpr std::int64_t kMost = 99'999;
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kMost + 1);  // by microsecond
};

class Program {
 public:
  Program(Options options, std::vector<Space> spaces)
      : options_(std::move(options)), spaces_(std::move(spaces)), lines_(options_.sites.size()) {
    for (std::size_t from = 0; from < spaces_.size(); ++from) {
      for (std::size_t to = 0; to < spaces_.size(); ++to) lines_.line(from, to).delay = options_.round_trip / 2;
      polled_.push_back({spaces_[from].descriptor(), POLLIN, 0});
    }
    polled_.push_back({STDIN_FILENO, POLLIN, 0});
  }

  void run() {
    while (!quits_ && ends == 0) {
      wait();
      deliver();
      for (std::size_t site = 0; site < spaces_.size(); ++site) {
        if ((polled_[site].revents & POLLIN) != 0) take_from(site);
      }
      if (polled_.back().revents != 0) read_commands();
    }
  }

 private:
  void wait() {
    timespec left{};
    const auto next = lines_.next();
    if (next) {
      const std::int64_t wait = std::max<std::int64_t>(0, (*next - now()).count());
      left = {wait / 1'000'000'000, wait % 1'000'000'000};
    }
    for (pollfd& each : polled_) each.revents = 0;
    ppoll(polled_.data(), polled_.size(), next ? &left : nullptr, nullptr);
  }
  void deliver() {
    while (auto due = lines_.take(now())) {
      lateness_.add(due->late);
      spaces_[due->to].write(due->frame);
    }
  }
  void take_from(std::size_t site) {
    for (int i = 0; i < kMostAtOnce; ++i) {
      Frame frame = spaces_[site].read();
      if (frame.empty()) return;
      const std::size_t to = destination_of(frame, spaces_.size());
      if (to != site && to < spaces_.size()) lines_.send(site, to, std::move(frame), now());
      deliver();
    }
  }
  void read_commands() {
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
  void obey(const std::string& text) {
    const Result<Command> command = parse_command(text, options_.sites);
    if (!command) return say("error: " + command.error().message());
    if (command->kind == Command::Kind::quit) {
      quits_ = true;
    } else if (command->kind == Command::Kind::counts) {
      const Lines::Counts& counts = lines_.counts();
      return say(fmt::format(R"({{"frames": {}, "bytes": {}, "lost": {}, "late_us": {{"p50": {}, "p99": {}}}}})", counts.frames,
                             counts.bytes, counts.lost, lateness_.microseconds(0.5), lateness_.microseconds(0.99)));
    } else {
      apply(*command, lines_);
    }
    say("ok");
  }

  Options options_;
  std::vector<Space> spaces_;
  Lines lines_;
  Lateness lateness_;
  std::vector<pollfd> polled_;
  std::string typed_;
  bool quits_ = false;
};

// Frames are to leave when they are due, also on a machine whose cores are all busy.
void be_punctual() {
  prctl(PR_SET_TIMERSLACK, 1);
  sched_param priority{};
  priority.sched_priority = 10;
  if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) std::perror("wan: without real-time priority");
}

Result<void> run(const std::vector<std::string>& words) {
  INTERTIE_ASSIGN(Options options, parse_options(words));
  std::vector<Space> spaces;
  for (std::size_t site = 0; site < options.sites.size(); ++site) {
    INTERTIE_ASSIGN(Space space, Space::create(options.prefix + options.sites[site], site));
    spaces.push_back(std::move(space));
  }
  be_punctual();
  Program program(std::move(options), std::move(spaces));
  say("ready");
  program.run();
  return {};
}

}  // namespace
}  // namespace intertie::wan

int main(int count, char** words) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, intertie::wan::end);
  std::signal(SIGPIPE, SIG_IGN);
  const intertie::Result<void> done = intertie::wan::run({words + 1, words + count});
  if (done) return 0;
  std::fputs(("error: " + done.error().message() + "\n").c_str(), stderr);
  return 2;
}
