#include "intertie/status/report_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

LogBook::Fields finished(const std::string& parameters, double validation = NAN) {
  return {{"step", std::int64_t{100}},
          {"tokens", std::int64_t{5000}},
          {"complete", true},
          {"loss", 2.25},
          {"validation_loss", validation},
          {"seconds", 10.0},
          {"tokens_per_second", 250.0},
          {"computing_share", 0.75},
          {"waiting_share", 0.125},
          {"bytes_sent", std::int64_t{9}},
          {"parameters_hash", parameters}};
}

LogBook::Fields view(std::int64_t number, const std::string& members) {
  return {{"view", number}, {"members", members}, {"reason", std::string("why")}};
}

LogBook::Fields lost(const std::string& samples, std::int64_t tokens) {
  return {{"peer", std::string("b")}, {"version", std::int64_t{4}}, {"samples", samples}, {"lost_tokens", tokens}};
}

TEST(Figures, OfSitesThatFinished) {
  LogBook a("a"), b("b");
  a.start({{"emulated", true}, {"num_parameters", std::int64_t{77}}}).at(5).add("evaluation", {{"loss", 2.5}}).at(11);
  a.add("run.finished", finished("00ff", 2.5));
  b.start().at(11).add("run.finished", finished("00ff"));
  const RunFigures run = figures_of(read_history({}, {a.read(), b.read()}));
  EXPECT_TRUE(run.finished && run.complete && run.emulated && !run.paced);
  EXPECT_EQ(run.method, "diloco");
  EXPECT_EQ(run.num_parameters, 77U);
  EXPECT_EQ(run.tokens, 5000);
  EXPECT_EQ(run.tokens_per_second, 500) << "both";
  EXPECT_EQ(run.loss, 2.25);
  EXPECT_EQ(run.validation_loss, 2.5);
  EXPECT_EQ(run.sites[0].tokens, 2500) << "its own";
  EXPECT_THAT(run.sites[0].other, DoubleNear(0.125, 1e-9));
  EXPECT_EQ(run.sites[1].parameters_hash, "00ff");
  EXPECT_TRUE(std::isnan(run.sites[1].validation_loss));
  EXPECT_THAT(run.lost, IsEmpty());
}

TEST(Figures, AStartThatNeverBeganSaysNothingAgainstTheRunBeforeIt) {
  LogBook a("a"), b("b");
  for (LogBook* log : {&a, &b}) log->start().at(11).add("run.finished", finished("00ff", 2.5)).at(20);
  a.start().add("error", {{"code", std::string("retry")}, {"message", std::string("lost b")}});
  const RunFigures run = figures_of(read_history({}, {a.read(), b.read()}));
  EXPECT_TRUE(run.finished && run.complete);
  EXPECT_EQ(run.sites[0].parameters_hash, "00ff");
  EXPECT_EQ(run.sites[0].loss, 2.25);
  EXPECT_EQ(run.tokens, 5000);
  a.at(30).start().add("run.resumed", {{"step", std::int64_t{50}}, {"restart", std::int64_t{1}}});
  EXPECT_FALSE(figures_of(read_history({}, {a.read(), b.read()})).finished) << "it goes on";
}

TEST(Figures, AMissingLogSaysNothingAgainstTheOthers) {
  LogBook a("a");
  a.start().at(11).add("run.finished", finished("00ff"));
  EXPECT_TRUE(figures_of(read_history({}, {a.read(), {"b", std::nullopt}})).complete);
  EXPECT_FALSE(figures_of(read_history({}, {a.read(), {"b", ""}})).complete) << "one that is here and does not end";
  EXPECT_FALSE(figures_of(read_history({}, {{"a", std::nullopt}})).complete);
  EXPECT_FALSE(figures_of(read_history({}, {})).begun);
}

TEST(Figures, WhatSeveralMembersRecordIsOne) {
  LogBook a("a"), c("c");
  a.start().add("view.entered", view(1, "a,b,c")).at(9).add("view.entered", view(2, "a,c"));
  a.add("samples.lost", lost("10-19", 640)).add("samples.lost", lost("30-39", 60));
  c.start()
      .add("view.entered", view(1, "a,b,c"))
      .at(8)
      .add("view.entered", view(2, "a,c"))
      .add("samples.lost", lost("10-19", 640));
  const RunFigures run = figures_of(read_history({}, {a.read(), c.read()}));
  ASSERT_EQ(run.lost.size(), 2U);
  EXPECT_EQ(run.lost[0].at, 8) << "the earliest";
  EXPECT_EQ(run.lost[0].site, "b");
  EXPECT_EQ(run.lost[0].samples, "10-19");
  EXPECT_EQ(run.lost_tokens, 700);
  ASSERT_EQ(run.views.size(), 2U);
  EXPECT_THAT(run.views[1].members, ElementsAre("a", "c"));
  EXPECT_EQ(run.num_member_changes, 1U);
}

TEST(Figures, AResumedRunNumbersItsViewsAnew) {
  LogBook a("a");
  a.start().add("view.entered", view(1, "a,b")).at(20).start().add("run.resumed", {{"restart", std::int64_t{1}}});
  a.add("view.entered", view(1, "a,b")).at(30).add("view.entered", view(2, "a"));
  const RunFigures run = figures_of(read_history({}, {a.read()}));
  EXPECT_EQ(run.views.size(), 3U);
  EXPECT_EQ(run.num_member_changes, 1U) << "the same members after a resumption are no change";
  EXPECT_EQ(run.num_resumes, 1U);
}

TEST(Figures, MergesWithoutSomeSite) {
  LogBook a("a"), b("b");
  a.start();
  for (std::int64_t version = 1; version <= 5; ++version) {
    a.add("merge.committed", {{"version", version}, {"set_size", std::int64_t{version < 4 ? 2 : 1}}});
  }
  b.start().add("merge.committed", {{"version", std::int64_t{1}}, {"set_size", std::int64_t{2}}});
  const RunFigures run = figures_of(read_history({}, {a.read(), b.read()}));
  EXPECT_EQ(run.num_merges, 5U);
  EXPECT_EQ(run.num_partial_merges, 2U);
}

TEST(Figures, WhatAFencedSiteGaveUpIsItsOwnSum) {
  LogBook b("b");
  b.start().at(5).add("site.fenced", {{"version", std::int64_t{7}}, {"lost_tokens", std::int64_t{320}}});
  const RunFigures run = figures_of(read_history({}, {b.read()}));
  ASSERT_EQ(run.given_up.size(), 1U);
  EXPECT_EQ(run.given_up[0].site, "b");
  EXPECT_EQ(run.given_up_tokens, 320);
  EXPECT_EQ(run.lost_tokens, 0);
}

LogBook::Fields resumed(std::int64_t restart, std::int64_t version) { return {{"restart", restart}, {"version", version}}; }

TEST(Figures, WhatAResumedRunTrainedOnAgainIsNotLost) {
  LogBook a("a");
  a.start().at(5).add("samples.lost", lost("10-19", 640));  // in version 4
  a.add("site.fenced", {{"version", std::int64_t{3}}, {"lost_tokens", std::int64_t{96}}});
  LogBook later = a;
  later.at(20).start().add("run.resumed", resumed(1, 4));
  const RunFigures kept = figures_of(read_history({}, {later.read()}));
  EXPECT_EQ(kept.lost_tokens, 640) << "the checkpoint is of after it";
  EXPECT_EQ(kept.given_up_tokens, 96);
  LogBook b("b");
  b.at(20).start().add("run.resumed", resumed(1, 3));
  b.at(25).add("samples.lost", lost("10-14", 32)).at(30).start().add("run.resumed", resumed(2, 4));
  const RunFigures undone = figures_of(read_history({}, {a.read(), b.read()}));
  EXPECT_EQ(undone.lost_tokens, 32) << "of that restart itself; and another site's log tells of it";
  EXPECT_EQ(undone.given_up_tokens, 0);
  EXPECT_THAT(undone.given_up, IsEmpty());
}

TEST(Figures, ASiteThatCameToAResumedRunIsInItsRestart) {
  LogBook a("a"), b("b");
  a.at(0).start().add("run.resumed", resumed(1, 3));
  b.at(10).start().add("join.began", {{"restart", std::int64_t{1}}}).at(12).add("samples.lost", lost("10-19", 640));
  a.at(11).add("view.entered", view(2, "a,b"));
  b.at(11).add("view.entered", view(2, "a,b"));
  const RunFigures run = figures_of(read_history({}, {a.read(), b.read()}));
  EXPECT_EQ(run.lost_tokens, 640);
  EXPECT_EQ(run.views.size(), 1U);
}

TEST(Figures, OfOneVersionTheLaterRestartsMergeStands) {
  const auto merged = [](std::int64_t sites) -> LogBook::Fields { return {{"version", std::int64_t{5}}, {"set_size", sites}}; };
  LogBook a("a"), b("b");
  a.start().add("merge.committed", merged(2)).at(20).start().add("run.resumed", resumed(1, 3));
  a.at(25).add("merge.committed", merged(1));
  b.start().add("merge.committed", merged(2));
  EXPECT_EQ(figures_of(read_history({}, {a.read(), b.read()})).num_partial_merges, 1U);
}

TEST(Figures, OfLinks) {
  LogBook a("a");
  a.start();
  const auto measure = [&](double rate, double rtt, std::int64_t bytes) {
    a.add("link.measured", {{"peer", std::string("b")}, {"mbit_per_second", rate}, {"rtt_ms", rtt}, {"bytes_sent", bytes}});
  };
  measure(NAN, 0, 10);
  EXPECT_TRUE(std::isnan(figures_of(read_history({}, {a.read()})).links[0].mbit_per_second));
  measure(80, 40, 20);
  measure(95, 41, 30);
  measure(90, 60, 40);
  const LinkFigures link = figures_of(read_history({}, {a.read()})).links[0];
  EXPECT_EQ(link.from, "a");
  EXPECT_EQ(link.to, "b");
  EXPECT_EQ(link.bytes_sent, 40);
  EXPECT_EQ(link.mbit_per_second, 90);
  EXPECT_EQ(link.least_mbit_per_second, 80);
  EXPECT_EQ(link.most_mbit_per_second, 95);
  EXPECT_EQ(link.rtt_ms, 41);
}

TEST(TrainingCurve, IsOfMergesWhereProgressIsTooShort) {
  LogBook a("a");
  a.start();
  for (std::int64_t i = 1; i <= 6; ++i) a.add("merge.committed", {{"version", i}, {"loss", 1.0 * static_cast<double>(i)}});
  a.add("progress", {{"loss", 9.0}, {"tokens", std::int64_t{1}}});
  EXPECT_EQ(training_curve(read_history({}, {a.read()}).sites[0]).size(), 6U);
  for (std::int64_t i = 2; i <= 8; ++i) a.add("progress", {{"loss", 9.0}, {"tokens", i}});
  const std::vector<LossPoint> curve = training_curve(read_history({}, {a.read()}).sites[0]);
  ASSERT_EQ(curve.size(), 8U);
  EXPECT_EQ(curve[7].loss, 9);
  EXPECT_EQ(curve[7].tokens, 8);
}

}  // namespace
}  // namespace intertie::status
