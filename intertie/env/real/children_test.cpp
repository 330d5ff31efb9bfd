// With /bin/sh as the child: what a launcher relies on.
#include "intertie/env/real/children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>

namespace intertie::env::real {
namespace {

using ::testing::ElementsAre;

TimePoint soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

struct Output {
  std::vector<std::string> lines;
  std::vector<std::string> errors;
  std::vector<ChildEnded> ends;
};

Output run_all(Children& children, std::size_t count) {
  Output output;
  while (output.ends.size() < count) {
    const ChildEvent event = children.next(soon());
    if (const auto* line = std::get_if<ChildLine>(&event)) {
      (line->error_stream ? output.errors : output.lines).push_back(line->text);
    } else if (const auto* end = std::get_if<ChildEnded>(&event)) {
      output.ends.push_back(*end);
    } else {
      ADD_FAILURE() << "neither a line nor an end within 10 s";
      break;
    }
  }
  return output;
}

TEST(Children, LinesComeWholeAndBeforeTheEnd) {
  Children children;
  ASSERT_TRUE(children.start(shell("printf 'a\\nb'; printf 'c\\n'; printf 'no line break'; printf 'oops\\n' >&2; exit 3")));
  const Output output = run_all(children, 1);
  EXPECT_THAT(output.lines, ElementsAre("a", "bc", "no line break"));
  EXPECT_THAT(output.errors, ElementsAre("oops"));
  EXPECT_EQ(output.ends[0].exit_code, 3);
  EXPECT_EQ(output.ends[0].signal, 0);
}

TEST(Children, NothingIsLostOfMuchOutput) {
  Children children;
  ASSERT_TRUE(children.start(shell("i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done")));
  const Output output = run_all(children, 1);
  ASSERT_EQ(output.lines.size(), 20000U);
  for (std::size_t i = 0; i < output.lines.size(); ++i) ASSERT_EQ(output.lines[i], "line-" + std::to_string(i));
}

TEST(Children, AnEndlessLineComesInParts) {
  Children children;
  ASSERT_TRUE(children.start(shell("head -c 150000 /dev/zero | tr '\\0' x")));
  const Output output = run_all(children, 1);
  ASSERT_EQ(output.lines.size(), 3U);
  EXPECT_EQ(output.lines[0].size(), Children::kMaxLine);
  EXPECT_EQ(output.lines[2].size(), 150000 - 2 * Children::kMaxLine);
}

TEST(Children, SignalsGoToOneChild) {
  Children children;
  ASSERT_TRUE(children.start(shell("trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.05; done")));
  ASSERT_TRUE(children.start(shell("echo second")));
  bool sent = false;
  std::set<int> codes;
  while (codes.size() < 2) {
    const ChildEvent event = children.next(soon());
    const auto* line = std::get_if<ChildLine>(&event);
    if (line && line->text == "up" && !sent) {
      children.signal(0, SIGINT);
      sent = true;
    }
    if (const auto* end = std::get_if<ChildEnded>(&event)) codes.insert(end->exit_code);
    ASSERT_FALSE(std::holds_alternative<TimedOut>(event));
  }
  EXPECT_EQ(codes, (std::set<int>{0, 5}));
}

// A shell cannot trap what was ignored when it began.
TEST(Children, WhatThisProcessIgnoresReachesAChild) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto before = std::signal(signal, SIG_IGN);
    Children children;
    ASSERT_TRUE(children.start(shell("trap 'exit 5' INT TERM; kill -" + std::to_string(signal) + " $$; exit 1")));
    std::signal(signal, before);
    EXPECT_EQ(run_all(children, 1).ends[0].exit_code, 5) << signal;
  }
}

TEST(Children, DeathBySignalIsToldAsSuch) {
  Children children;
  ASSERT_TRUE(children.start(shell("kill -9 $$")));
  const Output output = run_all(children, 1);
  EXPECT_EQ(output.ends[0].signal, SIGKILL);
}

TEST(Children, StopSignalsAreEvents) {
  Children children;
  ::kill(::getpid(), SIGINT);
  const ChildEvent event = children.next(soon());
  ASSERT_TRUE(std::holds_alternative<StopRequested>(event));
  EXPECT_EQ(std::get<StopRequested>(event).signal, SIGINT);
}

TEST(Children, AreToldLines) {
  Children children;
  ASSERT_TRUE(
      children.start(shell("while read line; do echo got $line; [ $line = last ] && exit 0; done"), ChildInput::told_lines));
  children.tell(0, "cut columbus");
  children.tell(0, "last");
  EXPECT_THAT(run_all(children, 1).lines, ElementsAre("got cut columbus", "got last"));
  children.tell(0, "to nobody");
}

TEST(Children, ReadNothingElse) {
  Children children;
  ASSERT_TRUE(children.start(shell("read line || echo nothing")));
  children.tell(0, "not heard");
  EXPECT_THAT(run_all(children, 1).lines, ElementsAre("nothing"));
}

TEST(Children, OneThatDoesNotReadHoldsUpNobody) {
  Children children;
  ASSERT_TRUE(children.start(shell("exec sleep 1000"), ChildInput::told_lines));
  for (int i = 0; i < 1000; ++i) children.tell(0, std::string(1000, 'x'));
}

TEST(Children, AWatchedDescriptorIsAnEvent) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  Children children;
  children.watch(pipe[0]);
  ASSERT_EQ(::write(pipe[1], "k", 1), 1);
  EXPECT_TRUE(std::holds_alternative<InputReady>(children.next(soon())));
  children.watch(-1);
  EXPECT_TRUE(std::holds_alternative<TimedOut>(children.next(std::chrono::steady_clock::now())));
  for (const int end : pipe) ::close(end);
}

TEST(Children, SignalsOfTheTerminalAreEventsWhereItIsSaid) {
  Children children(TerminalSignals::as_events);
  for (const int signal : {SIGWINCH, SIGTSTP, SIGCONT}) {
    ::kill(::getpid(), signal);
    const ChildEvent event = children.next(soon());
    ASSERT_TRUE(std::holds_alternative<TerminalSignal>(event));
    EXPECT_EQ(std::get<TerminalSignal>(event).signal, signal);
  }
}

TEST(Children, ADeadlineThatHasPassedReturnsAtOnce) {
  Children children;
  EXPECT_TRUE(std::holds_alternative<TimedOut>(children.next(std::chrono::steady_clock::now())));
}

TEST(Children, AProgramThatIsNotThere) {
  Children children;
  const Result<ChildId> id = children.start({"/no/such/program"});
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::reconfigure);
  EXPECT_EQ(id.error().message(), "/no/such/program: cannot be started: No such file or directory");
}

TEST(Children, TheDestructorLeavesNobodyBehind) {
  std::string pid;
  {
    Children children;
    ASSERT_TRUE(children.start(shell("echo $$; exec sleep 1000")));
    pid = std::get<ChildLine>(children.next(soon())).text;
    ASSERT_EQ(::kill(std::stoi(pid), 0), 0);
  }
  EXPECT_EQ(::kill(std::stoi(pid), 0), -1);
}

// Starts a child, says its process id, and waits to be killed.
[[noreturn]] void be_doomed_parent(int answer) {
  Children children;
  const bool started = static_cast<bool>(children.start(shell("echo $$; exec sleep 1000")));
  const ChildEvent event = started ? children.next(soon()) : ChildEvent(TimedOut{});
  const auto* line = std::get_if<ChildLine>(&event);
  const pid_t pid = line ? std::stoi(line->text) : 0;
  if (::write(answer, &pid, sizeof(pid)) == sizeof(pid)) children.next(soon());
  ::_exit(1);
}

TEST(Children, DieWithTheirParentHoweverItDies) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0) << "so that the orphan can be waited for";
  const pid_t parent = ::fork();
  if (parent == 0) be_doomed_parent(pipe[1]);
  pid_t orphan = 0;
  ASSERT_EQ(::read(pipe[0], &orphan, sizeof(orphan)), static_cast<ssize_t>(sizeof(orphan)));
  ASSERT_GT(orphan, 0);
  ::kill(parent, SIGKILL);
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  int status = 0;
  ASSERT_EQ(::waitpid(orphan, &status, 0), orphan);
  EXPECT_TRUE(WIFSIGNALED(status));
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  for (const int end : pipe) ::close(end);
}

TEST(LoopbackPorts, Differ) {
  const auto ports = free_loopback_ports(8);
  ASSERT_TRUE(ports);
  EXPECT_EQ(std::set<std::uint16_t>(ports->begin(), ports->end()).size(), 8U);
  EXPECT_EQ(std::count(ports->begin(), ports->end(), 0), 0);
}

}  // namespace
}  // namespace intertie::env::real
