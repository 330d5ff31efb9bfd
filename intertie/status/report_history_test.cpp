#include "intertie/status/report_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

LogBook::Fields merged(std::int64_t version, double loss, std::int64_t tokens = 100) {
  return {{"version", version}, {"loss", loss}, {"merge_tokens", tokens}, {"set_size", std::int64_t{2}}};
}

LogBook::Fields sent(std::int64_t bytes) {
  return {{"peer", std::string("b")}, {"bytes_sent", bytes}, {"mbit_per_second", 90.0}};
}

TEST(History, TimesAreOfOneRunningTime) {
  LogBook a("a"), b("b");
  a.at(0).start().at(9).add("evaluation", {{"loss", 2.0}});
  b.at(3).start().at(12).add("evaluation", {{"loss", 2.0}});
  const RunHistory history = read_history({.run = "demo"}, {a.read(), b.read()});
  EXPECT_EQ(history.seconds, 12);
  EXPECT_EQ(history.sites[0].validation[0].at, 9);
  EXPECT_EQ(history.sites[1].validation[0].at, 12);
  EXPECT_EQ(history.sites[1].starts[0].begin, 3);
  EXPECT_EQ(history.sites[1].starts[0].started_at, 4);
  EXPECT_EQ(history.ended_wall_seconds - history.began_wall_seconds, 12);
  EXPECT_THAT(history.pauses, IsEmpty());
}

TEST(History, PausesWithoutAnySiteAreLeftOut) {
  LogBook a("a"), b("b");
  a.at(0).start().at(10).add("warning").at(1000).start().at(1010).add("warning");
  b.at(0).start().at(40).add("warning").at(1005).start().at(1020).add("warning");
  const RunHistory history = read_history({}, {a.read(), b.read()});
  EXPECT_EQ(history.seconds, 60);
  ASSERT_EQ(history.pauses.size(), 1U);
  EXPECT_EQ(history.pauses[0].at, 40);
  EXPECT_EQ(history.pauses[0].seconds, 960);
  EXPECT_EQ(history.sites[0].starts[1].begin, 40);
  EXPECT_EQ(history.sites[1].starts[1].end, 60);
}

TEST(History, AMissingAnEmptyAndATornLogAreNoFailure) {
  LogBook torn("c");
  torn.raw("half a line\n").at(4).add("evaluation", {{"loss", 3.0}}).raw("{\"time\"");
  const RunHistory history = read_history({}, {{"a", std::nullopt}, {"b", ""}, torn.read()});
  EXPECT_FALSE(history.sites[0].has_log);
  EXPECT_TRUE(history.sites[1].has_log);
  EXPECT_THAT(history.sites[1].starts, IsEmpty());
  EXPECT_EQ(history.sites[2].starts.size(), 1U) << "a log without its first line";
  EXPECT_EQ(history.sites[2].counts.num_unreadable, 1U);
  EXPECT_EQ(read_history({}, {{"a", std::nullopt}}).seconds, 0);
}

TEST(History, AClockThatWasSetBackTurnsNothingRound) {
  LogBook a("a");
  a.at(1000).start().at(1010).add("evaluation", {{"loss", 2.0}}).at(500).start().at(505).add("evaluation", {{"loss", 1.0}});
  const RunHistory history = read_history({}, {a.read()});
  EXPECT_THAT(history.sites[0].validation, ElementsAre(Field(&LossPoint::at, 10), Field(&LossPoint::at, 15)));
}

TEST(History, TokensOfAMergeCountFromTheRunsBeginOrItsCheckpoint) {
  LogBook a("a"), b("b");
  a.at(0).start().at(2).add("merge.committed", merged(1, 5)).at(3).add("merge.committed", merged(2, 4));
  a.at(4).start().add("run.resumed",
                      {{"tokens", std::int64_t{100}}, {"version", std::int64_t{1}}, {"restart", std::int64_t{1}}});
  a.at(6).add("merge.committed", merged(2, 4, 60)).at(7).add("merge.committed", merged(3, 3, 60));
  b.at(4).start().add("run.resumed",
                      {{"tokens", std::int64_t{100}}, {"version", std::int64_t{1}}, {"restart", std::int64_t{1}}});
  b.at(7).add("merge.committed", merged(3, 3, 60));
  const RunHistory history = read_history({}, {a.read(), b.read()});
  EXPECT_THAT(history.sites[0].merges, ElementsAre(Field(&MergePoint::tokens, 100), Field(&MergePoint::tokens, 200),
                                                   Field(&MergePoint::tokens, 160), Field(&MergePoint::tokens, 220)));
  EXPECT_THAT(history.sites[1].merges, ElementsAre(Field(&MergePoint::tokens, 220))) << "one that b has no log of counts too";
}

TEST(History, OnlyTheFirstFragmentsMergesAreCounted) {
  LogBook a("a");
  LogBook::Fields other = merged(1, 9);
  other.emplace_back("fragment", std::int64_t{1});
  a.start().add("merge.committed", merged(1, 5)).add("merge.committed", other);
  EXPECT_EQ(read_history({}, {a.read()}).sites[0].merges.size(), 1U);
}

TEST(History, BytesOfALinkGrowOverStarts) {
  LogBook a("a");
  a.start().at(5).add("link.measured", sent(1000)).at(10).add("link.measured", sent(1500));
  a.at(20).start().at(25).add("link.measured", sent(700)).at(30).add("link.measured", sent(300));
  const RunHistory history = read_history({}, {a.read()});
  EXPECT_THAT(history.sites[0].links.at("b"),
              ElementsAre(Field(&LinkPoint::bytes_sent, 1000), Field(&LinkPoint::bytes_sent, 1500),
                          Field(&LinkPoint::bytes_sent, 2200), Field(&LinkPoint::bytes_sent, 2500)))
      << "a later start counts from 0, and so does a link that was made anew";
  EXPECT_EQ(history.sites[0].starts[0].bytes_sent, 1500);
  EXPECT_EQ(history.sites[0].starts[1].bytes_sent, 1000);
}

TEST(History, AnEarlierRunOfTheSameNameIsForgotten) {
  LogBook a("a");
  const LogBook::Fields loss = {{"loss", 2.0}, {"tokens", std::int64_t{900}}, {"computing_share", 0.5}};
  a.at(0)
      .start()
      .add("link.measured", sent(1000))
      .at(5)
      .add("merge.committed", merged(1, 5))
      .add("progress", loss)
      .add("warning");
  a.add("evaluation", {{"loss", 2.0}}).at(8).add("merge.committed", merged(2, 4));
  const LogBook earlier = a;
  a.at(1000).start().add("link.measured", sent(300)).at(1005).add("merge.committed", merged(1, 5)).add("progress", loss);
  const RunHistory history = read_history({}, {a.read()});
  const SiteHistory& site = history.sites[0];
  EXPECT_EQ(site.starts.size(), 1U);
  EXPECT_EQ(history.seconds, 5);
  EXPECT_EQ(site.merges.size(), 1U);
  EXPECT_EQ(site.training.size(), 1U);
  EXPECT_EQ(site.shares.size(), 1U);
  EXPECT_THAT(site.validation, IsEmpty());
  EXPECT_THAT(site.links.at("b"), ElementsAre(Field(&LinkPoint::bytes_sent, 300)));
  LogBook back = earlier;
  back.at(1000).start().add("join.began").at(1005).add("merge.committed", merged(1, 5));
  EXPECT_EQ(read_history({}, {back.read()}).sites[0].starts.size(), 2U) << "it came back to the same run";
  LogBook resumed = earlier;
  resumed.at(1000).start().add("run.resumed").at(1005).add("merge.committed", merged(1, 5));
  EXPECT_EQ(read_history({}, {resumed.read()}).sites[0].starts.size(), 2U);
}

TEST(History, SumsAreOfProgressUntilTheSiteFinishes) {
  LogBook a("a");
  a.at(0).start();  // run.started at 1
  a.at(11).add("progress", {{"computing_share", 0.5}, {"waiting_share", 0.25}, {"tokens_per_second", 100.0}});
  const Start unfinished = read_history({}, {a.read()}).sites[0].starts[0];
  EXPECT_THAT(unfinished.seconds, DoubleNear(10, 1e-9));
  EXPECT_THAT(unfinished.computing_seconds, DoubleNear(5, 1e-9));
  EXPECT_THAT(unfinished.waiting_seconds, DoubleNear(2.5, 1e-9));
  EXPECT_THAT(unfinished.tokens, DoubleNear(1000, 1e-9));
  a.at(20).add("run.finished",
               {{"seconds", 20.0}, {"computing_share", 0.9}, {"tokens_per_second", 90.0}, {"step", std::int64_t{7}}});
  const Start finished = read_history({}, {a.read()}).sites[0].starts[0];
  EXPECT_THAT(finished.computing_seconds, DoubleNear(18, 1e-9));
  EXPECT_THAT(finished.tokens, DoubleNear(1800, 1e-9));
  EXPECT_EQ(finished.step, 7U);
}

LogBook::Fields computed(double share) { return {{"computing_share", share}, {"tokens_per_second", 100.0}}; }

// The figures of a progress line are of the time since the line before it, or since the site took part.
TEST(History, AnIntervalBeginsWhenTheSiteTakesPart) {
  LogBook waited("a");
  waited.at(0).start().at(61).add("view.entered").at(66).add("progress", computed(0.5)).at(68).add("view.entered");
  waited.at(71).add("progress", computed(0.5));
  const Start late = read_history({}, {waited.read()}).sites[0].starts[0];
  EXPECT_THAT(late.tokens, DoubleNear(1000, 1e-9)) << "it waited a minute for the others; later views are no beginning";
  EXPECT_THAT(late.computing_seconds, DoubleNear(5, 1e-9));
  LogBook came("a");
  came.at(0).start().at(6).add("progress", computed(1)).at(7).add("site.fenced").at(20).add("join.began").at(25);
  came.add("progress", computed(0)).at(27).add("join.finished").at(28).add("view.entered").at(30).add("progress", computed(1));
  const Start back = read_history({}, {came.read()}).sites[0].starts[0];
  EXPECT_THAT(back.seconds, DoubleNear(15, 1e-9)) << "what it fetches, it fetches within an interval";
  EXPECT_THAT(back.computing_seconds, DoubleNear(10, 1e-9));
}

TEST(History, SharesOfATimeAreNotMoreThanAllOfIt) {
  LogBook a("a");
  a.start().at(11).add("progress", {{"computing_share", 0.9}, {"waiting_share", 0.6}, {"encoding_share", 0.3}});
  const Start start = read_history({}, {a.read()}).sites[0].starts[0];
  EXPECT_THAT(start.computing_seconds, DoubleNear(5, 1e-9));
  EXPECT_THAT(start.waiting_seconds + start.encoding_seconds, DoubleNear(5, 1e-9));
  a.at(12).add("run.finished", {{"seconds", 10.0}, {"computing_share", 0.5}, {"waiting_share", 4.5}});
  const Start finished = read_history({}, {a.read()}).sites[0].starts[0];
  EXPECT_THAT(finished.computing_seconds + finished.waiting_seconds, DoubleNear(10, 1e-9));
}

TEST(History, SaysWhatAResumedRunDidAgain) {
  LogBook a("a");
  a.start().at(5).add("progress", {{"tokens", std::int64_t{900}}, {"loss", 2.0}});
  a.at(10).start().add("run.resumed", {{"tokens", std::int64_t{600}}, {"restart", std::int64_t{1}}});
  const RunHistory history = read_history({}, {a.read()});
  EXPECT_EQ(history.sites[0].starts[1].redone_tokens, 300);
  EXPECT_EQ(history.sites[0].starts[1].restart, 1U);
}

TEST(History, LinesOfAnotherSiteAreNotItsOwn) {
  LogBook a("a"), b("b");
  a.at(0).start().at(5).add("evaluation", {{"loss", 2.0}});
  b.at(3).start().at(6).add("evaluation", {{"loss", 9.0}});
  a.raw(b.text()).at(8).add("evaluation", {{"loss", 1.0}});
  const SiteHistory site = read_history({}, {a.read()}).sites[0];
  EXPECT_EQ(site.starts.size(), 1U);
  EXPECT_THAT(site.validation, ElementsAre(Field(&LossPoint::loss, 2.0), Field(&LossPoint::loss, 1.0)));
  EXPECT_EQ(site.num_of_others, 3U);
}

TEST(History, FiguresThatAreNoMeasurementsAreLeftOut) {
  LogBook a("a");
  a.start().at(5).add("progress",
                      {{"loss", NAN}, {"computing_share", 7.0}, {"waiting_share", -1.0}, {"tokens_per_second", 1e300}});
  a.at(6).add("progress", {{"loss", 1e300}});
  a.at(7).add("merge.committed", {{"version", std::int64_t{-3}}, {"merge_tokens", std::int64_t{-5}}});
  const SiteHistory site = read_history({}, {a.read()}).sites[0];
  EXPECT_THAT(site.training, IsEmpty());
  EXPECT_EQ(site.shares[0].computing, 1);
  EXPECT_EQ(site.shares[0].waiting, 0);
  EXPECT_EQ(site.starts[0].tokens, 0);
  EXPECT_EQ(site.merges[0].tokens, 0);
}

}  // namespace
}  // namespace intertie::status
