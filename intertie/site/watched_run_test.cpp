#include "intertie/site/watched_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/json_log.h"

namespace intertie::site {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const env::TimePoint kNow{1h};
const env::TimePoint kLater{2h};

std::string told_of(const std::string& site, const std::string& name, Duration since_start,
                    std::vector<std::pair<std::string, Event::Value>> fields = {}) {
  return status::json_line({.event = {name, std::move(fields)}, .site = site, .wall = {}, .since_start = since_start});
}
wire::Admission admission_of(const std::string& site, Duration age, std::uint64_t start = 1) {
  return {site, "r", start, static_cast<std::uint64_t>(age.count())};
}
Error gone(const std::string& what = "gone") {
  return {.code = ErrorCode::retry, .where = "site b", .what = what, .fix = {}, .cause = {}};
}

class Watched : public ::testing::Test {
 protected:
  Watched() : run_({"a", "b"}, 2) {
    run_.expect(0, "a");
    run_.expect(1, "b");
  }
  std::vector<std::string> told(std::size_t visit, const std::string& lines) {
    run_.take(visit, {lines, true});
    std::vector<std::string> names;
    for (const WatchedRun::Line& line : run_.news(kLater)) names.push_back(line.record.event.name);
    return names;
  }
  const status::LiveSite& site(std::size_t index) const { return run_.model().run().sites[index]; }

  WatchedRun run_;
};

TEST_F(Watched, EventsOfAllSitesAreInTheTimeOfOneClock) {
  run_.admitted(0, admission_of("a", 60s), kNow);
  run_.admitted(1, admission_of("b", 50s), kNow);
  run_.take(1, {told_of("b", "store.away", 25s) + told_of("b", "store.back", 30s), true});
  EXPECT_THAT(run_.news(kNow), IsEmpty()) << "the other has not told its story";
  run_.take(0, {told_of("a", "warning", 36s), true});
  const auto news = run_.news(kNow);
  ASSERT_EQ(news.size(), 3U);
  EXPECT_EQ(news[0].record.since_start, Duration(35s));
  EXPECT_EQ(news[1].record.event.name, "warning");
  EXPECT_EQ(news[2].record.since_start, Duration(40s));
  EXPECT_EQ(run_.since_start(kNow), Duration(60s));
  EXPECT_THAT(run_.news(kNow), IsEmpty()) << "once";
}

TEST_F(Watched, WhoDoesNotAnswerIsNotWaitedForForEver) {
  run_.admitted(0, admission_of("a", 60s), kNow);
  run_.take(0, {told_of("a", "warning", 36s), true});
  EXPECT_THAT(run_.news(kNow + 2s), IsEmpty());
  EXPECT_EQ(run_.news(kNow + WatchedRun::kPatience).size(), 1U);
}

TEST_F(Watched, AVisitThatComesAgainTellsNothingTwice) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  const std::string story = told_of("a", "warning", 1s) + told_of("a", "store.away", 2s) + told_of("a", "store.back", 2s);
  EXPECT_THAT(told(0, story), ElementsAre("warning", "store.away", "store.back")) << "two of one microsecond are two";
  run_.away(0, gone(), kNow + 5s);
  run_.admitted(0, admission_of("a", 20s + 300ms), kNow + 10s);
  EXPECT_THAT(told(0, story + told_of("a", "site.left", 17s)), ElementsAre("site.left"));
  run_.admitted(0, admission_of("a", 20s, 2), kNow + 10s);
  EXPECT_THAT(told(0, told_of("a", "warning", 500ms)), ElementsAre("warning")) << "a new start";
}

TEST_F(Watched, WhatASiteSaysOfAnotherOrWhatIsNoEventIsPassedOver) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  EXPECT_THAT(told(0, told_of("b", "run.finished", 1s) + "no json\n\n{}\n" + told_of("a", "warning", 2s)),
              ElementsAre("warning"));
  run_.admitted(1, admission_of("elsewhere", 10s), kNow);
  EXPECT_THAT(told(1, told_of("elsewhere", "warning", 1s)), IsEmpty());
}

TEST_F(Watched, WhoIsAwayIsSaidOnceAndShown) {
  EXPECT_FALSE(run_.all_answered());
  EXPECT_EQ(run_.away(1, gone(), kNow), "site b: gone");
  EXPECT_EQ(run_.away(1, gone(), kNow + 1s), "");
  EXPECT_EQ(run_.away(1, gone("refused"), kNow + 2s), "site b: refused");
  EXPECT_EQ(site(1).state, status::LiveState::away);
  EXPECT_EQ(site(1).fate, "no answer");
  EXPECT_FALSE(run_.all_answered());
  run_.admitted(0, admission_of("a", 1s), kNow);
  EXPECT_FALSE(run_.all_answered()) << "it has not told its story";
  EXPECT_THAT(told(0, ""), IsEmpty());
  EXPECT_TRUE(run_.all_answered() && run_.any_answered());
  run_.admitted(1, admission_of("b", 1s), kNow);
  EXPECT_EQ(site(1).state, status::LiveState::starting);
}

const std::vector<std::pair<std::string, Event::Value>> kLeft = {{"complete", false}, {"left", true}};
const std::vector<std::pair<std::string, Event::Value>> kStoppedAsOne = {{"complete", false}, {"left", false}};

TEST_F(Watched, ItIsNotOverBecauseOneHasLeftAndTheOthersAreSilent) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  run_.admitted(1, admission_of("b", 10s), kNow);
  told(1, told_of("b", "run.finished", 9s, kLeft));
  run_.away(1, gone(), kNow);
  run_.away(0, gone("no word from it"), kNow);
  EXPECT_FALSE(run_.over()) << "a goes on";
  run_.admitted(0, admission_of("a", 20s), kNow + 10s);
  told(0, told_of("a", "run.finished", 19s, kStoppedAsOne));
  EXPECT_FALSE(run_.over()) << "it is still there";
  run_.away(0, gone(), kNow + 20s);
  EXPECT_TRUE(run_.over());
}

TEST_F(Watched, ItIsOverWhenAllHaveEndedEachForItself) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  told(0, told_of("a", "view.entered", 1s, {{"members", std::string("a, b")}}) + told_of("a", "error", 9s));
  run_.away(0, gone(), kNow);
  EXPECT_FALSE(run_.over()) << "b was there, as a says";
  run_.admitted(1, admission_of("b", 20s), kNow + 10s);
  told(1, told_of("b", "error", 19s));
  run_.away(1, gone(), kNow + 20s);
  EXPECT_TRUE(run_.over());
}

TEST_F(Watched, ItIsOverWhenTheOthersFailForWantOfOneThatWasKilled) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  run_.admitted(1, admission_of("b", 10s), kNow);
  told(0, told_of("a", "view.entered", 1s, {{"members", std::string("a, b")}}));
  told(1, told_of("b", "view.entered", 1s, {{"members", std::string("a, b")}}));
  run_.away(0, gone(), kNow + 5s);
  EXPECT_FALSE(run_.over());
  told(1, told_of("b", "error", 19s));
  EXPECT_FALSE(run_.over()) << "b is still there";
  run_.away(1, gone(), kNow + 20s);
  EXPECT_TRUE(run_.over());
  run_.admitted(0, admission_of("a", 1s, 2), kNow + 1min);
  run_.away(0, gone(), kNow + 2min);
  EXPECT_FALSE(run_.over()) << "it has come back, and its end is not known";
}

TEST_F(Watched, MembersThatTheRunFileDoesNotNameAreNotMissed) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  told(0, told_of("a", "view.entered", 1s, {{"members", std::string("a, nobody")}}) + told_of("a", "error", 9s));
  run_.away(0, gone(), kNow);
  EXPECT_TRUE(run_.over());
}

TEST_F(Watched, WhoWasNeverHeardOfIsNotMissing) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  told(0, told_of("a", "error", 9s));
  run_.away(1, gone(), kNow);
  run_.away(0, gone(), kNow);
  EXPECT_TRUE(run_.over()) << "the run has not begun";
}

TEST_F(Watched, ItIsOverWhenTheRunHasEndedAtOneAndNobodyIsThere) {
  run_.admitted(0, admission_of("a", 10s), kNow);
  run_.admitted(1, admission_of("b", 10s), kNow);
  const std::vector<std::pair<std::string, Event::Value>> done = {{"complete", true}};
  told(0, told_of("a", "run.finished", 9s, done));
  EXPECT_EQ(run_.away(0, gone(), kNow), "") << "nothing to be told of one that has ended";
  EXPECT_EQ(site(0).state, status::LiveState::done);
  EXPECT_FALSE(run_.over());
  EXPECT_NE(run_.away(1, gone(), kNow), "");
  EXPECT_TRUE(run_.over());
  run_.admitted(0, admission_of("a", 1s, 2), kNow + 1min);
  EXPECT_FALSE(run_.over()) << "a new start";
}

TEST_F(Watched, NobodyThereIsNotTheEnd) {
  run_.away(0, gone(), kNow);
  run_.away(1, gone(), kNow);
  EXPECT_TRUE(run_.all_answered());
  EXPECT_FALSE(run_.any_answered() || run_.over());
}

TEST_F(Watched, AnAgeBeyondAllReasonDoesNoHarm) {
  run_.admitted(0, {"a", "r", 1, UINT64_MAX}, kNow);
  EXPECT_THAT(told(0, told_of("a", "warning", 1s)), ElementsAre("warning"));
}

}  // namespace
}  // namespace intertie::site
