#include "intertie/sync/timetable.h"

#include <gtest/gtest.h>

namespace intertie::sync {
namespace {

Timetable make(Method method, std::uint64_t steps, int every) {
  Settings sync;
  sync.method = method;
  sync.every = every;
  train::Settings train;
  train.tokens = {.count = steps, .steps = true};
  return Timetable(sync, train, {2, 3, 4}, 16);
}

TEST(Timetable, VersionsCoverAllStepsOnceAndTheLastMayBeShort) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  EXPECT_EQ(timetable.last_version(), Version{5});
  std::uint64_t step = 0;
  for (Version version{1}; version <= timetable.last_version(); version = version.next()) {
    EXPECT_EQ(timetable.first_step(version), step);
    step += timetable.steps_of(version);
  }
  EXPECT_EQ(step, 23U);
  EXPECT_EQ(timetable.steps_of(Version{5}), 3U);
}

TEST(Timetable, SynchronousMakesAVersionOfEveryStep) {
  const Timetable timetable = make(Method::synchronous, 7, 5);
  EXPECT_EQ(timetable.last_version(), Version{7});
  EXPECT_EQ(timetable.steps_of(Version{7}), 1U);
}

TEST(Timetable, EverySampleOfAStepBelongsToOneSiteInSiteOrder) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  std::uint64_t next = 0;
  for (std::uint64_t step = 0; step < 10; ++step) {
    for (std::uint16_t site = 0; site < 3; ++site) {
      const wire::SampleRange range = timetable.samples_of(SiteId{site}, step);
      EXPECT_EQ(range.first, next);
      next += range.count;
    }
  }
  EXPECT_EQ(next, 90U);
  EXPECT_EQ(timetable.tokens_per_step(), 9U * 16);
  EXPECT_EQ(timetable.tokens_of(SiteId{1}), 3U * 16);
}

TEST(Timetable, TokensAreRoundedUpToWholeSteps) {
  Settings sync;
  train::Settings train;
  train.tokens = {.count = 1000, .steps = false};
  EXPECT_EQ(Timetable(sync, train, {2}, 16).num_steps(), 32U);
}

TEST(Timetable, APeriodFallsOnTheVersionThatCrossesIt) {
  const Timetable timetable = make(Method::diloco, 23, 5);
  const train::Stretch every{.count = 8, .steps = true};
  std::vector<std::uint64_t> due;
  for (Version version{1}; version <= timetable.last_version(); version = version.next()) {
    if (timetable.falls_on(version, every)) due.push_back(version.value);
  }
  EXPECT_EQ(due, (std::vector<std::uint64_t>{2, 4, 5}));  // steps 8, 16, and the end
  EXPECT_FALSE(timetable.falls_on(Version{5}, {}));
}

}  // namespace
}  // namespace intertie::sync
