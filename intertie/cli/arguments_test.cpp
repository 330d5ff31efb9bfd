#include "intertie/cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Options>
Options parsed(const std::vector<std::string>& words) {
  const Result<Arguments> arguments = parse_arguments(words);
  if (!arguments || !std::holds_alternative<Options>(*arguments)) {
    ADD_FAILURE() << (arguments ? "another command" : arguments.error().message());
    return {};
  }
  return std::get<Options>(*arguments);
}

std::string refused(const std::vector<std::string>& words) {
  const Result<Arguments> arguments = parse_arguments(words);
  if (arguments) return "accepted";
  EXPECT_EQ(arguments.error().code, ErrorCode::reconfigure);
  return arguments.error().message();
}

TEST(Arguments, Visits) {
  const auto status = parsed<StatusOptions>({"status", "run.toml", "--once", "--at", "127.0.0.1:7400", "--json", "--plain"});
  EXPECT_EQ(status.run.run_file, "run.toml");
  EXPECT_EQ(status.at, "127.0.0.1:7400");
  EXPECT_TRUE(status.once && status.run.json && status.plain);
  const auto stop = parsed<StopOptions>({"stop", "run.toml", "--reason", "enough", "--set", "run.folder=x"});
  EXPECT_EQ(stop.reason, "enough");
  EXPECT_EQ(stop.at, "");
  EXPECT_THAT(stop.run.overrides, ElementsAre("run.folder=x"));
  const auto leave = parsed<LeaveOptions>({"leave", "run.toml", "--site", "quincy", "--at", "a:1"});
  EXPECT_EQ(leave.site, "quincy");
  EXPECT_EQ(leave.at, "a:1");
  EXPECT_THAT(refused({"leave", "run.toml"}), HasSubstr("--site is required"));
  EXPECT_THAT(refused({"stop", "run.toml", "--site", "a"}), HasSubstr("stop: unknown option \"--site\""));
}

TEST(Arguments, Train) {
  const auto train = parsed<TrainOptions>(
      {"train", "run.toml", "--local", "--resume", "--set", "sync.every=10", "--set", "train.tokens=200 steps", "--json"});
  EXPECT_EQ(train.run.run_file, "run.toml");
  EXPECT_TRUE(train.local && train.resume && train.run.json);
  EXPECT_FALSE(train.fresh || train.dry_run);
  EXPECT_THAT(train.run.overrides, ElementsAre("sync.every=10", "train.tokens=200 steps"));
  EXPECT_EQ(parsed<TrainOptions>({"train", "--site", "ashburn", "run.toml"}).site, "ashburn");
  const auto scripted = parsed<TrainOptions>({"train", "run.toml", "--local", "--script", "s.txt", "--plain"});
  EXPECT_EQ(scripted.script, "s.txt");
  EXPECT_TRUE(scripted.plain);
}

TEST(Arguments, Bench) {
  const auto merge = parsed<site::MergeBenchCommand>(
      {"bench", "merge", "run.toml", "--site", "a", "--size", "1 MiB", "--merges", "7", "--every", "5 s", "--json"});
  EXPECT_EQ(merge.site, "a");
  EXPECT_EQ(merge.size, Bytes{1 << 20});
  EXPECT_EQ(merge.num_merges, 7U);
  EXPECT_EQ(merge.num_warm_ups, 3U);
  EXPECT_EQ(merge.every, std::chrono::seconds(5));
  EXPECT_EQ(merge.silence, Duration(0));
  EXPECT_TRUE(merge.json);
  EXPECT_THAT(refused({"bench", "merge", "run.toml"}), HasSubstr("--site is required"));
  EXPECT_THAT(refused({"bench", "merges", "run.toml", "--site", "a"}), HasSubstr("merges not in {merge}"));
  EXPECT_THAT(refused({"bench", "merge", "run.toml", "--site", "a", "--size", "9"}), HasSubstr("bench: --size: "));
  EXPECT_THAT(refused({"bench", "merge", "run.toml", "--site", "a", "--merges", "0"}), HasSubstr("--merges"));
}

TEST(Arguments, DataIsAnyNumberOfPathsOfAnyBytes) {
  const auto check = parsed<CheckOptions>({"check", "run.toml", "--data", "a b.txt", "quote\".txt", "--data", "\xff.txt"});
  EXPECT_THAT(check.run.data, ElementsAre("a b.txt", "quote\".txt", "\xff.txt"));
}

TEST(Arguments, OtherCommands) {
  EXPECT_EQ(parsed<CheckOptions>({"check", "run.toml", "--site", "a"}).site, "a");
  EXPECT_TRUE(parsed<CheckOptions>({"check", "run.toml", "--schedule"}).schedule);
  EXPECT_EQ(parsed<CaOptions>({"ca", "run.toml", "--site", "a", "--renew"}).site, "a");
  const auto report =
      parsed<ReportOptions>({"report", "run.toml", "--out", "r.html", "--json", "--sample", "--set", "run.name=x"});
  EXPECT_EQ(report.out, "r.html");
  EXPECT_TRUE(report.run.json && report.sample);
  EXPECT_THAT(report.run.overrides, ElementsAre("run.name=x"));
  EXPECT_EQ(parsed<ShardOptions>({"shard", "run.toml", "--out", "here"}).out, "here");
  EXPECT_EQ(parsed<DocsOptions>({"docs", "events"}).page, "events");
  const auto sample =
      parsed<site::SampleCommand>({"sample", "run.toml", "--tokens", "5", "--temperature", "0.5", "--prompt", "def"});
  EXPECT_EQ(sample.tokens, 5);
  EXPECT_EQ(sample.temperature, 0.5);
  EXPECT_EQ(sample.prompt, "def");
  parsed<VersionOptions>({"version"});
  parsed<VersionOptions>({"--version"});
  EXPECT_EQ(parsed<site::SiteCommand>({"site", "run.toml", "--site", "a"}).site, "a");
}

TEST(Arguments, Help) {
  EXPECT_THAT(parsed<Text>({"--help"}).text, HasSubstr("train"));
  EXPECT_THAT(parsed<Text>({"train", "--help"}).text, HasSubstr("--local"));
  EXPECT_THAT(parsed<Text>({"train", "--help"}).text, HasSubstr("Usage: intertie train "));
  EXPECT_EQ(parsed<Text>({"help"}).text, parsed<Text>({"--help"}).text);
  EXPECT_EQ(parsed<Text>({"help", "train"}).text, parsed<Text>({"train", "--help"}).text);
  EXPECT_EQ(refused({"help", "trian"}), "unknown command \"trian\"; did you mean \"train\"?");
  for (const char* shown : {"--tokens N=200 ", "--temperature N=0.8 ", "--top-k N=0 ", "--seed N=1 "})
    EXPECT_THAT(parsed<Text>({"sample", "--help"}).text, HasSubstr(shown));
}

TEST(Arguments, MistakesAreOneLineWithTheNearest) {
  EXPECT_EQ(refused({"trian", "run.toml"}), "unknown command \"trian\"; did you mean \"train\"?");
  EXPECT_EQ(refused({"fly"}),
            "unknown command \"fly\"; the commands are train, check, ca, sample, status, stop, leave, report, shard, bench, "
            "docs, version");
  EXPECT_EQ(refused({}),
            "no command; the commands are train, check, ca, sample, status, stop, leave, report, shard, bench, docs, version");
  EXPECT_EQ(refused({"train", "run.toml", "--locl"}), "train: unknown option \"--locl\"; did you mean --local?");
  EXPECT_EQ(refused({"train", "run.toml", "--local", "--frsh=1"}), "train: unknown option \"--frsh\"; did you mean --fresh?");
  EXPECT_EQ(refused({"train", "run.toml", "other.toml", "--local"}), "train: \"other.toml\" is one argument too many");
  EXPECT_EQ(refused({"train", "--local"}), "train: RUN.toml is required; see intertie train --help");
  EXPECT_EQ(refused({"train", "run.toml"}),
            "train: say which sites to start; write --local for all of them on this machine, or --site NAME for one");
  EXPECT_THAT(refused({"train", "run.toml", "--local", "--site", "a"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"train", "run.toml", "--local", "--resume", "--fresh"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"train", "run.toml", "--local", "--die-at", "3:applied"}), HasSubstr("--die-at needs --site"));
  EXPECT_THAT(refused({"train", "run.toml", "--site", "a", "--script", "s.txt"}), HasSubstr("--script needs --local"));
  EXPECT_THAT(refused({"docs", "nothing"}), HasSubstr("docs: PAGE: nothing not in {commands,run-file,events,exit-codes}"));
  EXPECT_THAT(refused({"sample", "run.toml", "--seed", "-1"}), HasSubstr("sample: --seed: must not be negative"));
  EXPECT_THAT(refused({"sample", "run.toml", "--seed=-1"}), HasSubstr("must not be negative"));
  EXPECT_THAT(refused({"sample", "run.toml", "--tokens", "many"}), HasSubstr("sample: "));
}

}  // namespace
}  // namespace intertie::cli
