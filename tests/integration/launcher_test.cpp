// The local launcher, with shell scripts in the place of sites. A program that ignores its stop signals shows the bounds.
#include "intertie/site/launcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/real_loop.h"
#include "tests/integration/program.h"

namespace intertie::site {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Sites whose scripts are given; what they printed; and a signal to this process when a line is seen.
class Sites {
 public:
  Launch::Outcome run(const std::vector<std::string>& scripts, const std::vector<std::string>& stop_at = {}) {
    std::vector<LaunchedSite> sites;
    for (const std::string& script : scripts) {
      const std::string name(1, static_cast<char>('a' + sites.size()));
      sites.push_back({name, {"/bin/sh", "-c", script}, folder.path() + "/" + name + "/log.txt", again_});
    }
    stop_at_ = stop_at;
    env::real::PosixDisk disk;
    const env::real::RealLoop clock;
    LineScreen screen([this](const std::string& line) { take(lines, line); },
                      [this](const std::string& line) { take(errors, line); });
    auto script = parse_script(script_, "script.txt", {"a", "b", "c"});
    EXPECT_TRUE(script) << script.error().message();
    const auto outcome = run_sites(
        sites, {.disk = disk, .clock = clock, .screen = screen, .json = json, .script = LaunchScript(std::move(*script))});
    if (outcome) return *outcome;
    return {ExitCode::failed, "not started: " + outcome.error().message()};
  }

  // What brings a site back, which makes the sites hear the launcher's words; and what shall happen.
  void script(const std::string& again, const std::string& text) {
    again_ = {"/bin/sh", "-c", again, "again"};
    script_ = text;
  }

  tests::Folder folder;
  bool json = false;
  std::vector<std::string> lines;
  std::vector<std::string> errors;

 private:
  void take(std::vector<std::string>& to, const std::string& line) {
    to.push_back(line);
    if (stop_at_.empty() || line.find(stop_at_.front()) == std::string::npos) return;
    stop_at_.erase(stop_at_.begin());
    ::kill(::getpid(), SIGINT);
  }
  std::vector<std::string> stop_at_;
  std::vector<std::string> again_;
  std::string script_;
};

std::string event_line(const std::string& name, const std::string& fields = "") {
  return R"(echo '{"time":"2026-11-22T01:02:03.456Z","elapsed":1.0,"site":"x","event":")" + name + "\"" + fields + "}'; ";
}

TEST(Launcher, LinesStayWholeAndAreLogged) {
  Sites sites;
  const std::string chatter = "for i in 1 2 3 4 5 6 7 8 9; do printf 'x%s' $i; printf 'y%s\\n' $i; done";
  const Launch::Outcome outcome = sites.run({chatter, chatter, "echo words >&2"});
  EXPECT_EQ(outcome.code, ExitCode::done);
  EXPECT_EQ(outcome.message, "");
  ASSERT_EQ(sites.lines.size(), 18U);
  for (int i = 1; i <= 9; ++i) {
    const std::string line = "x" + std::to_string(i) + "y" + std::to_string(i);
    EXPECT_EQ(std::count(sites.lines.begin(), sites.lines.end(), line), 2) << line;
  }
  EXPECT_THAT(sites.errors, ElementsAre("words"));
  EXPECT_THAT(sites.folder.read("a/log.txt"), HasSubstr("x1y1\nx2y2\n"));
  EXPECT_EQ(sites.folder.read("c/log.txt"), "words\n");
}

TEST(Launcher, TheCauseIsReportedOnce) {
  Sites sites;
  const std::string echo = "trap 'echo error: lost b >&2; exit 4' INT; while :; do sleep 0.02; done";
  const Launch::Outcome outcome = sites.run({echo, "sleep 0.1; echo 'error: disk full' >&2; exit 1", echo});
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_EQ(outcome.message, "site b: disk full");
  EXPECT_THAT(sites.errors, IsEmpty()) << "last words are held back for the caller";
  EXPECT_THAT(sites.folder.read("a/log.txt"), HasSubstr("error: lost b")) << "but logged";
}

TEST(Launcher, CtrlCGoesToTheFirstSiteOnly) {
  Sites sites;
  const std::string first =
      "trap 'echo asked; touch " + sites.folder.path() + "/stop; exit 3' INT; echo up; while :; do sleep 0.02; done";
  const std::string other =
      "trap 'echo wrongly asked' INT; while [ ! -e " + sites.folder.path() + "/stop ]; do sleep 0.02; done; exit 3";
  const Launch::Outcome outcome = sites.run({first, other}, {"up"});
  EXPECT_EQ(outcome.code, ExitCode::stopped);
  EXPECT_EQ(outcome.message, "");
  EXPECT_THAT(sites.lines, ElementsAre("up", "asked"));
}

TEST(Launcher, ASecondCtrlCEndsEverythingAtOnce) {
  Sites sites;
  const std::string deaf = "trap 'echo deaf' INT TERM; echo up; while :; do sleep 0.02; done";
  const Launch::Outcome outcome = sites.run({deaf, "trap '' INT TERM; while :; do sleep 0.02; done"}, {"up", "deaf"});
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_EQ(outcome.message, "ended at once, as asked; no checkpoint was written");
}

TEST(Launcher, EventsAreShownAndLoggedAsTheirLinesForAPerson) {
  const std::string script = event_line("warning", R"(,"message":"hot")") + event_line("merge.committed", R"(,"version":3)") +
                             event_line("link.measured", R"(,"peer":"b","mbit_per_second":12.5)") +
                             event_line("progress", R"(,"step":5,"num_steps":10)") + "echo words";
  Sites sites;
  EXPECT_EQ(sites.run({script}).code, ExitCode::done);
  ASSERT_EQ(sites.lines.size(), 3U) << "a merge has no line";
  EXPECT_EQ(sites.lines[0], "x          warning: hot");
  EXPECT_THAT(sites.lines[1], testing::StartsWith("x          step 5/10  50 %  loss 0.000"));
  EXPECT_THAT(sites.lines[1], HasSubstr("  b 12.5 Mbit/s"));
  EXPECT_EQ(sites.lines[2], "words");
  EXPECT_EQ(sites.folder.read("a/log.txt"), sites.lines[0] + "\n" + sites.lines[1] + "\n" + sites.lines[2] + "\n");
  Sites as_json;
  as_json.json = true;
  EXPECT_EQ(as_json.run({script}).code, ExitCode::done);
  ASSERT_EQ(as_json.lines.size(), 5U);
  EXPECT_EQ(as_json.lines[1],
            R"({"time":"2026-11-22T01:02:03.456Z","elapsed":1.0,"site":"x","event":"merge.committed","version":3})");
  EXPECT_THAT(as_json.folder.read("a/log.txt"), HasSubstr(as_json.lines[1] + "\n"));
}

// A site that says what it hears, and trains until it is told to mend.
const std::string kHears = event_line("merge.committed", R"(,"version":3)") +
                           "while read line; do echo heard $line; [ \"${line%% *}\" = mend ] && exit 0; done";

TEST(Launcher, AScriptCutsAndMends) {
  Sites sites;
  sites.script("exit 1", "at version 3 cut b a\nat +10ms mend a b\n");
  EXPECT_EQ(sites.run({kHears, kHears}).code, ExitCode::done);
  EXPECT_THAT(sites.lines, UnorderedElementsAre("heard cut b", "heard cut a", "heard mend b", "heard mend a"));
  EXPECT_THAT(sites.errors, ElementsAre("script.txt:1: at version 3 cut b a", "the link a - b is cut",
                                        "script.txt:2: at +10ms mend a b", "the link a - b is mended"));
}

TEST(Launcher, AScriptKillsAndBringsBackAndTheOthersGoOn) {
  Sites sites;
  const std::string done = sites.folder.path() + "/done";
  const std::string other = event_line("progress") + "while [ ! -e " + done + " ]; do sleep 0.02; done";
  sites.script("echo back \"$@\"; touch " + done, "at version 2 kill b\nat +1ms cut b c\nat +50ms restore b\n");
  const Launch::Outcome outcome =
      sites.run({other, event_line("merge.committed", R"(,"version":2)") + "exec sleep 100", other});
  EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_THAT(sites.lines, Contains("back --cut c"));
  EXPECT_THAT(sites.errors, Contains("site b was killed, as asked; the others go on"));
  EXPECT_THAT(sites.errors, Contains("site b is started again"));
  EXPECT_THAT(sites.folder.read("b/log.txt"), HasSubstr("back --cut c\n"));
}

TEST(Launcher, ASiteThatCannotComeBackIsNamed) {
  Sites sites;
  const std::string other = event_line("progress") + "sleep 0.4";
  sites.script("echo 'error: no checkpoint' >&2; exit 2", "at 100 ms kill b\nat +100 ms restore b\nat version 99 stop");
  EXPECT_EQ(sites.run({other, other}).code, ExitCode::done);
  EXPECT_THAT(sites.errors, Contains("site b: no checkpoint; the others go on"));
  EXPECT_THAT(sites.errors, Contains("the run ended before script.txt:3: at version 99 stop"));
}

TEST(Launcher, ASiteThatIsKilledBeforeTheRunBeginsEndsIt) {
  Sites sites;
  const std::string other = "trap 'exit 4' INT; while :; do sleep 0.02; done";
  const Launch::Outcome outcome = sites.run({other, "kill -9 $$", other});
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_EQ(outcome.message, "site b died of signal 9");
}

TEST(Launcher, AProgramThatIsNotThereLeavesNobody) {
  Sites sites;
  env::real::PosixDisk disk;
  const env::real::RealLoop clock;
  const std::string pid_file = sites.folder.path() + "/pid";
  const std::vector<LaunchedSite> launched = {
      {"a", {"/bin/sh", "-c", "echo $$ > " + pid_file + "; exec sleep 100"}, sites.folder.path() + "/a.txt", {}},
      {"b", {"/no/such/program"}, sites.folder.path() + "/b.txt", {}}};
  LineScreen screen([](const std::string&) {}, [](const std::string&) {});
  const auto outcome = run_sites(launched, {.disk = disk, .clock = clock, .screen = screen});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message(), HasSubstr("/no/such/program: cannot be started"));
  const std::string pid = sites.folder.read("pid");
  const bool runs = !pid.empty() && ::kill(std::stoi(pid), 0) == 0;
  EXPECT_FALSE(runs) << "the first site still runs";
}

TEST(Launcher, ALogThatCannotBeWrittenStartsNothing) {
  Sites sites;
  sites.folder.write("a", "a file where the site's folder should be");
  EXPECT_THAT(sites.run({"echo started"}).message, HasSubstr("not started: "));
  EXPECT_THAT(sites.lines, IsEmpty());
}

}  // namespace
}  // namespace intertie::site
