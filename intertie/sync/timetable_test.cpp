#include "intertie/sync/timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::sync {
namespace {

using Sites = std::vector<SiteId>;
const Sites kEverybody = {SiteId{0}, SiteId{1}, SiteId{2}};
const Sites kWithoutTheSecond = {SiteId{0}, SiteId{2}};

// Three sites of 2, 3 and 4 sequences of 16 tokens.
Timetable make(Method method, std::uint64_t steps, int every) {
  Settings sync;
  sync.method = method;
  sync.every = every;
  train::Settings train;
  train.tokens = {.count = steps, .steps = true};
  return Timetable(sync, train, {2, 3, 4}, 16);
}

// The laps of a run whose members stay.
std::vector<Lap> laps_of(const Timetable& timetable, const Sites& members) {
  std::vector<Lap> laps;
  wire::Progress progress;
  while (!timetable.complete(progress)) {
    laps.push_back(timetable.lap(progress, members));
    progress = timetable.after(laps.back(), members);
  }
  return laps;
}

TEST(Timetable, VersionsCoverAllStepsOnceAndTheLastMayBeShort) {
  const std::vector<Lap> laps = laps_of(make(Method::diloco, 23, 5), kEverybody);
  ASSERT_EQ(laps.size(), 5U);
  std::uint64_t step = 0;
  for (std::size_t i = 0; i < laps.size(); ++i) {
    EXPECT_EQ(laps[i].version, Version{i + 1});
    EXPECT_EQ(laps[i].first_step, step);
    EXPECT_EQ(laps[i].first_sample, step * 9);
    EXPECT_EQ(laps[i].tokens_before, step * 9 * 16);
    step += laps[i].steps;
  }
  EXPECT_EQ(step, 23U);
  EXPECT_EQ(laps[4].steps, 3U);
}

TEST(Timetable, SynchronousMakesAVersionOfEveryStep) {
  const std::vector<Lap> laps = laps_of(make(Method::synchronous, 7, 5), kEverybody);
  ASSERT_EQ(laps.size(), 7U);
  EXPECT_EQ(laps[6].steps, 1U);
}

TEST(Timetable, EverySampleOfAStepBelongsToOneMemberInSiteOrder) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  for (const Sites& members : {kEverybody, kWithoutTheSecond}) {
    std::uint64_t next = 0;
    for (const Lap& lap : laps_of(timetable, members)) {
      for (std::uint32_t step = 0; step < lap.steps; ++step) {
        for (const SiteId site : members) {
          const wire::SampleRange range = timetable.samples_of(lap, site, step);
          EXPECT_EQ(range.first, next);
          next += range.count;
        }
      }
    }
    EXPECT_EQ(next % timetable.lap({}, members).samples_per_step, 0U);
  }
  EXPECT_EQ(timetable.tokens_per_step(), 9U * 16);
  EXPECT_EQ(timetable.tokens_of(SiteId{1}), 3U * 16);
}

TEST(Timetable, FewerMembersTakeMoreStepsForTheSameTokens) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  const std::vector<Lap> laps = laps_of(timetable, kWithoutTheSecond);
  std::uint64_t steps = 0;
  for (const Lap& lap : laps) steps += lap.steps;
  EXPECT_EQ(steps, 35U) << "23 x 9 samples, 6 a step, rounded up";
  EXPECT_EQ(timetable.num_steps({}, kWithoutTheSecond), 35U);
  EXPECT_EQ(timetable.num_steps({}, kEverybody), 23U);
}

TEST(Timetable, MembersMayChangeBetweenVersionsAndNoSampleIsDrawnTwice) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  const Lap first = timetable.lap({}, kEverybody);
  // The second died in it, and its contribution is not in the sum.
  const wire::Progress progress = timetable.after(first, kWithoutTheSecond);
  EXPECT_EQ(progress.version, Version{1});
  EXPECT_EQ(progress.step, 5U);
  EXPECT_EQ(progress.next_sample, 45U) << "what it drew is behind us all the same";
  EXPECT_EQ(progress.tokens, 5U * 6 * 16) << "but not counted";
  const Lap second = timetable.lap(progress, kWithoutTheSecond);
  EXPECT_EQ(timetable.samples_of(second, SiteId{0}, 0), (wire::SampleRange{45, 2}));
  EXPECT_EQ(timetable.samples_of(second, SiteId{2}, 0), (wire::SampleRange{47, 4}));
  EXPECT_EQ(timetable.samples_of(second, SiteId{0}, 1), (wire::SampleRange{51, 2}));
  EXPECT_EQ(timetable.tokens_before(second, 2), (5U + 2) * 6 * 16);
  // It comes back.
  const Lap third = timetable.lap(timetable.after(second, kWithoutTheSecond), kEverybody);
  EXPECT_EQ(timetable.samples_of(third, SiteId{1}, 0), (wire::SampleRange{45 + 30 + 2, 3}));
  EXPECT_EQ(third.first_step, 10U);
}

TEST(Timetable, TheRunIsCompleteWhenItsTokensAreCounted) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  EXPECT_FALSE(timetable.complete({.version = Version{9}, .step = 100, .next_sample = 5000, .tokens = 23 * 144 - 1}));
  EXPECT_TRUE(timetable.complete({.version = Version{1}, .step = 1, .next_sample = 1, .tokens = 23 * 144}));
  const wire::Progress end{.version = Version{1}, .step = 77, .next_sample = 1, .tokens = 23 * 144};
  EXPECT_EQ(timetable.num_steps(end, kEverybody), 77U);
}

TEST(Timetable, TokensAreRoundedUpToWholeSteps) {
  Settings sync;
  train::Settings train;
  train.tokens = {.count = 1000, .steps = false};
  EXPECT_EQ(Timetable(sync, train, {2}, 16).num_steps({}, Sites{SiteId{0}}), 32U);
}

TEST(Timetable, APeriodFallsOnTheVersionThatCrossesIt) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  const train::Stretch every{.count = 8, .steps = true};
  std::vector<std::uint64_t> due;
  wire::Progress before;
  for (const Lap& lap : laps_of(timetable, kEverybody)) {
    const wire::Progress after = timetable.after(lap, kEverybody);
    if (timetable.falls_on(before, after, every)) due.push_back(lap.version.value);
    EXPECT_FALSE(timetable.falls_on(before, after, {}));
    before = after;
  }
  EXPECT_THAT(due, testing::ElementsAre(2, 4, 5)) << "steps 8, 16, and the end";
}

}  // namespace
}  // namespace intertie::sync
