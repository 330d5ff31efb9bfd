#include "intertie/status/summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LogBook finished_log(const std::string& site, const std::string& parameters = "00ff") {
  LogBook log(site);
  log.start({{"emulated", true}})
      .at(76)
      .add("run.finished", {{"step", std::int64_t{200}},
                            {"tokens", std::int64_t{153'600}},
                            {"complete", true},
                            {"loss", 2.2},
                            {"validation_loss", NAN},
                            {"seconds", 75.0},
                            {"tokens_per_second", 2048.0},
                            {"computing_share", 0.9},
                            {"waiting_share", 0.08},
                            {"encoding_share", 0.02},
                            {"bytes_sent", std::int64_t{32'000'000}},
                            {"bytes_received", std::int64_t{32'000'000}},
                            {"parameters_hash", parameters}});
  return log;
}

std::string table_of(const std::vector<LogBook>& logs) {
  std::vector<SiteLog> read;
  for (const LogBook& log : logs) read.push_back(log.read());
  return summary_table(figures_of(read_history({}, read)));
}

TEST(Summary, TableOfSites) {
  EXPECT_EQ(table_of({finished_log("ashburn"), finished_log("columbus")}),
            "site             steps      loss  val loss   tokens/s  comp %  wait %   enc %       sent   received\n"
            "ashburn            200     2.200         -       2048    90.0     8.0     2.0    32.0 MB    32.0 MB\n"
            "columbus           200     2.200         -       2048    90.0     8.0     2.0    32.0 MB    32.0 MB\n"
            "154 k tokens in 1 min 15 s; final parameters 00ff, the same at all sites\n"
            "lost: nothing\n"
            "the members did not change\n"
            "links were emulated on this machine\n");
}

TEST(Summary, SaysWhereSitesDiffer) {
  EXPECT_THAT(table_of({finished_log("a"), finished_log("b", "0100")}), HasSubstr("the parameters of a and b differ\n"));
}

TEST(Summary, ASiteThatLeftHasOlderParametersThanTheOthers) {
  LogBook c("c");
  c.start().at(20).add("run.finished", {{"step", std::int64_t{50}}, {"left", true}, {"parameters_hash", std::string("0001")}});
  EXPECT_THAT(table_of({finished_log("a"), finished_log("b"), c}),
              HasSubstr("final parameters 00ff, the same at the 2 sites that stayed to the end\n"));
  EXPECT_THAT(table_of({finished_log("a"), finished_log("b", "0100"), c}), HasSubstr("the parameters of a and b differ\n"));
}

TEST(Summary, ARunThatWasStoppedIsNotComplete) {
  LogBook b("b");
  b.start().at(20).add("run.finished", {{"step", std::int64_t{50}}, {"parameters_hash", std::string("0001")}});
  const LogBook a = finished_log("a");
  EXPECT_FALSE(figures_of(read_history({}, {a.read(), b.read()})).complete);
}

TEST(Summary, OfSitesThatHaveNotFinishedOrHaveNoLog) {
  LogBook again = finished_log("a");
  again.at(100).open();
  EXPECT_THAT(table_of({again}), HasSubstr("a            has not finished\n"));
  EXPECT_THAT(summary_table(figures_of(read_history({}, {{"a", std::nullopt}}))),
              HasSubstr("a            has no event log here\n"));
  EXPECT_EQ(summary_table(figures_of(read_history({}, {}))), "");
}

TEST(Summary, SaysWhatWasLostAndHowOftenTheMembersChanged) {
  LogBook a = finished_log("a");
  a.at(10).add("view.entered", {{"view", std::int64_t{1}}, {"members", std::string("a,b")}});
  a.at(20).add("view.entered", {{"view", std::int64_t{2}}, {"members", std::string("a")}});
  a.at(30).add("view.entered", {{"view", std::int64_t{3}}, {"members", std::string("a,b")}});
  for (int i = 0; i < 5; ++i) {
    a.add("samples.lost",
          {{"peer", std::string("b")}, {"samples", fmt::format("{}-{}", i, i)}, {"lost_tokens", std::int64_t{64}}});
  }
  a.add("merge.committed", {{"version", std::int64_t{1}}, {"set_size", std::int64_t{1}}});
  a.add("site.fenced", {{"lost_tokens", std::int64_t{96}}});
  const std::string table = table_of({a, finished_log("b")});
  EXPECT_THAT(table,
              HasSubstr("lost: 64 tokens of b (samples 0-0); 64 tokens of b (samples 1-1); 64 tokens of b (samples 2-2); and 2 "
                        "more; 96 tokens that sites trained on while they were cut off\n"));
  EXPECT_THAT(table, HasSubstr("the members changed 2 times; 1 of 1 merges were made without some site\n"));
  EXPECT_THAT(table, Not(HasSubstr("nothing")));
}

std::string table_without(const std::vector<LogBook>& logs, const std::vector<std::string>& missing) {
  std::vector<SiteLog> read;
  for (const LogBook& log : logs) read.push_back(log.read());
  for (const std::string& site : missing) read.push_back({site, std::nullopt});
  return summary_table(figures_of(read_history({}, read)));
}

TEST(Summary, OfLogsThatAreNotHereSaysOnlyWhatIsKnown) {
  const std::string two = table_without({finished_log("a"), finished_log("b")}, {"c"});
  EXPECT_THAT(two, HasSubstr("final parameters 00ff, the same at the 2 sites whose logs are here\n"));
  EXPECT_THAT(two, HasSubstr("lost: nothing that the logs here know of; the log of c is not here\n"));
  EXPECT_THAT(two, HasSubstr("the logs here know of no change of the members\n"));
  const std::string one = table_without({finished_log("a")}, {"b", "c"});
  EXPECT_THAT(one, HasSubstr("final parameters 00ff\n")) << "nothing to compare it with";
  EXPECT_THAT(one, HasSubstr("the logs of b, c are not here\n"));
  LogBook a = finished_log("a");
  a.add("samples.lost", {{"peer", std::string("b")}, {"samples", std::string("3-4")}, {"lost_tokens", std::int64_t{64}}});
  EXPECT_THAT(table_without({a}, {"b"}), HasSubstr("lost: 64 tokens of b (samples 3-4); the log of b is not here\n"));
}

TEST(Summary, OfARunThatHasNotEndedIsOfWhatHappenedSoFar) {
  LogBook b("b");
  b.start().at(5).add("progress", {{"tokens", std::int64_t{900}}});
  const std::string table = table_of({finished_log("a"), b});
  EXPECT_THAT(table, HasSubstr("lost: nothing so far\n"));
  EXPECT_THAT(table, Not(HasSubstr("the same")));
}

TEST(Summary, SaysWhatAResumedRunDidAgain) {
  LogBook a("a");
  a.start().at(5).add("progress", {{"tokens", std::int64_t{900}}, {"loss", 2.0}});
  a.at(10).start().add("run.resumed", {{"tokens", std::int64_t{600}}, {"restart", std::int64_t{1}}});
  EXPECT_THAT(
      table_of({a}),
      HasSubstr(
          "lost: nothing so far; 300 tokens were trained on again\nthe members did not change; the run was resumed once\n"));
}

}  // namespace
}  // namespace intertie::status
