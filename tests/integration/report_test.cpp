// `intertie report` and the report at the end of `train --local`, over a run of the toy problem with real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "intertie/status/markup_fixture.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kReportedRun = R"([run]
name = "toy"
[model]
kind = "toy"
toy_elements = 10_000
[data]
train = "text.txt"
[train]
tokens = "40 steps"
local_batch_size = 2
evaluate_every = "20 steps"
[sync]
every = 5
# <b>not markup</b>
[[site]]
name = "a"
[[site]]
name = "b"
[[link]]
between = ["a", "b"]
paths = [{ rate = "500 Mbit/s", rtt = "2 ms" }]
)";

const std::string kPage = "runs/toy/report.html";

class Report : public ::testing::Test {
 protected:
  Report() {
    folder_.write("run.toml", kReportedRun);
    folder_.write("text.txt", numbered_words(4000));
  }
  Ran train() { return intertie(folder_.path(), {"train", "run.toml", "--local"}); }
  Ran report(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"report", "run.toml"});
    return intertie(folder_.path(), more);
  }
  Folder folder_;
};

TEST_F(Report, IsLeftByARunAndMadeAgainTheSame) {
  const Ran ran = train();
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.errors, Contains("report: " + kPage));
  EXPECT_THAT(ran.all(), HasSubstr("lost: nothing\nthe members did not change\n"));
  const std::string page = folder_.read(kPage);
  EXPECT_EQ(status::markup_fault(page), "");
  EXPECT_THAT(status::words_in(page), AllOf(HasSubstr("complete"), HasSubstr("links emulated on one machine"),
                                            HasSubstr("# &lt;b&gt;not markup&lt;/b&gt;"), HasSubstr("Lost: nothing.")));
  const Ran again = report();
  EXPECT_EQ(again.exit_code, 0) << again.all();
  EXPECT_THAT(again.all(), AllOf(HasSubstr("the same at all sites"), HasSubstr("report: " + kPage)));
  EXPECT_EQ(folder_.read(kPage), page);
}

TEST_F(Report, IsLeftAloneByAStartThatNeverBegan) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string page = folder_.read(kPage);
  folder_.write("script.txt", "at 0s kill b\n");
  const Ran ran = intertie(
      folder_.path(), {"train", "run.toml", "--local", "--resume", "--script", "script.txt", "--set", "run.start_wait=1 s"});
  EXPECT_EQ(ran.exit_code, 1) << ran.all();
  EXPECT_THAT(ran.errors, Not(Contains("report: " + kPage)));
  EXPECT_EQ(folder_.read(kPage), page);
  EXPECT_THAT(report().all(), HasSubstr("the same at all sites")) << "nor is it the end of that run";
}

TEST_F(Report, AsJsonAndElsewhere) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string page = folder_.read(kPage);
  const Ran ran = report({"--json", "--out", "mail.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  std::string text;
  for (const std::string& line : ran.lines) text += line + "\n";
  const Result<Json> json = parse_json(text);
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ((*json)["complete"].boolean(), true);
  EXPECT_EQ((*json)["num_merges"], 8);
  EXPECT_EQ((*json)["sites"].items().at(1)["step"], 40);
  EXPECT_EQ((*json)["sites"].items().at(0)["training"].items().size(), 8U);
  EXPECT_THAT(ran.errors, Contains("report: mail.html"));
  EXPECT_EQ(folder_.read("mail.html"), page);
}

TEST_F(Report, NamesALogThatIsNotHere) {
  ASSERT_EQ(train().exit_code, 0);
  ASSERT_EQ(std::remove((folder_.path() + "/runs/toy/b/events.jsonl").c_str()), 0);
  folder_.write("runs/toy/sample.txt", "one <i>sample</i>\x1b[0m\n");
  const Ran ran = report();
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), HasSubstr("b            has no event log here\n"));
  const std::string page = folder_.read(kPage);
  EXPECT_EQ(status::markup_fault(page), "");
  EXPECT_THAT(page, AllOf(HasSubstr("Without the logs of b"), HasSubstr("one &lt;i&gt;sample&lt;/i&gt;\\x1b[0m")));
}

TEST_F(Report, WhatALogSaysDoesNotCommandTheTerminal) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string log = "runs/toy/b/events.jsonl";
  std::string lines = folder_.read(log);
  const std::string name = "\"parameters_hash\":\"";
  const std::size_t hash = lines.find(name);
  ASSERT_NE(hash, std::string::npos) << lines;
  folder_.write(log, lines.insert(hash + name.size(), "\\u001b[2J\\u009b5A"));
  folder_.write("runs/toy/a/events.jsonl",
                folder_.read("runs/toy/a/events.jsonl") +
                    R"({"time":"2026-11-22T01:02:03.456Z","elapsed":9,"site":"a","event":"samples.lost",)"
                    R"("peer":"\u001b]0;x\u0007","samples":"1-2","version":1,"lost_tokens":64})"
                    "\n");
  const Ran ran = report();
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), AllOf(HasSubstr("64 tokens of \\x1b]0;x\\x07 (samples 1-2)"), Not(HasSubstr("\x1b")),
                               Not(HasSubstr("\xC2\x9B"))));
}

// What is no file of its own stays what it is, as with a compiler.
TEST_F(Report, IsWrittenIntoWhatIsThere) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string page = folder_.read(kPage);
  folder_.write("target.html", "older and longer than nothing");
  for (const auto& [name, target] : {std::pair("link.html", "target.html"), std::pair("new.html", "made.html")}) {
    std::filesystem::create_symlink(target, folder_.path() + "/" + name);
    EXPECT_EQ(report({"--out", name}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.path() + "/" + name)) << name;
    EXPECT_TRUE(folder_.read(target) == page) << name;
  }
  const std::string null = folder_.path() + "/null";
  if (::mknod(null.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0 && std::ofstream(null).is_open()) {  // root may
    EXPECT_EQ(report({"--out", "null"}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_character_file(null));
  }
  const std::string pipe = folder_.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Ran ran =
      run(folder_.path(),
          {"sh", "-c", "timeout 20 cat pipe > read.html & \"$0\" report run.toml --out pipe && wait", INTERTIE_PROGRAM});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_TRUE(folder_.read("read.html") == page);
}

TEST_F(Report, WithoutAnyLogSaysSoAndWritesNothing) {
  const auto before = folder_.files();
  const Ran ran = report();
  EXPECT_EQ(ran.exit_code, kInput);
  EXPECT_THAT(ran.errors, Contains(HasSubstr("error: runs/toy: no site of this run has an event log here")));
  EXPECT_EQ(folder_.files(), before);
}

TEST_F(Report, AToyWritesNoSample) {
  ASSERT_EQ(train().exit_code, 0);
  const Ran ran = report({"--sample"});
  EXPECT_EQ(ran.exit_code, kInput);
  EXPECT_THAT(ran.errors, Contains(HasSubstr("the toy problem writes no text; leave out --sample")));
}

TEST_F(Report, APlaceThatCannotBeWrittenIsNamed) {
  ASSERT_EQ(train().exit_code, 0);
  const Ran ran = report({"--out", "nowhere/r.html"});
  EXPECT_THAT(ran.exit_code, Not(0));
  EXPECT_THAT(ran.errors, Contains(HasSubstr("nowhere/r.html")));
}

}  // namespace
}  // namespace intertie::tests
