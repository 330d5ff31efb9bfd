#include "intertie/status/report_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace intertie::status {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> all;
  for (const Tick& tick : axis.ticks) all.push_back(tick.label);
  return all;
}

TEST(NumberAxis, HasRoundTicksAndEndsAtThem) {
  const Axis axis = number_axis({.low = 1.62, .high = 5.57}, 5);
  EXPECT_EQ(axis.low, 1);
  EXPECT_EQ(axis.high, 6);
  EXPECT_THAT(labels(axis), ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_THAT(labels(number_axis({.low = 0.12, .high = 0.19}, 4)), ElementsAre("0.12", "0.14", "0.16", "0.18", "0.20"));
  EXPECT_THAT(labels(number_axis({.low = 0, .high = 1.9e6}, 4)), ElementsAre("0", "0.5 M", "1.0 M", "1.5 M", "2.0 M"));
  EXPECT_THAT(labels(number_axis({.low = 0, .high = 30'000}, 3)), ElementsAre("0", "10 k", "20 k", "30 k"));
  EXPECT_THAT(labels(number_axis({.low = -2, .high = 2}, 4)), ElementsAre("-2", "-1", "0", "1", "2"));
}

TEST(NumberAxis, OfNothingOneValueOrTheWholeRangeCanBeDrawn) {
  const double most = std::numeric_limits<double>::max();
  for (const Extent& extent :
       {Extent{}, Extent{.low = 3, .high = 3}, Extent{.low = 0, .high = 0}, Extent{.low = -1e15, .high = 1e15},
        Extent{.low = 1e15, .high = 1e15}, Extent{.low = 0, .high = most / 4}}) {
    const Axis axis = number_axis(extent, 5);
    EXPECT_LT(axis.low, axis.high) << extent.low << " " << extent.high;
    EXPECT_LE(axis.low, extent.empty() ? 0 : extent.low);
    EXPECT_GE(axis.high, extent.empty() ? 1 : extent.high);
    EXPECT_LE(axis.ticks.size(), 12U);
    EXPECT_GE(axis.ticks.size(), 2U);
  }
}

TEST(ExactAxis, KeepsItsEnds) {
  const Axis axis = exact_axis({.low = 0, .high = 2.15e6}, 5);
  EXPECT_EQ(axis.high, 2.15e6);
  EXPECT_THAT(labels(axis), ElementsAre("0", "0.5 M", "1.0 M", "1.5 M", "2.0 M"));
}

TEST(TimeAxis, HasTicksThatPeopleCountIn) {
  EXPECT_THAT(labels(time_axis(58, 6)), ElementsAre("0 s", "10 s", "20 s", "30 s", "40 s", "50 s"));
  EXPECT_THAT(labels(time_axis(4.26, 5)), ElementsAre("0 s", "1 s", "2 s", "3 s", "4 s"));
  EXPECT_THAT(labels(time_axis(100, 4)), ElementsAre("0 s", "30 s", "1 min", "1 min 30 s"));
  EXPECT_THAT(labels(time_axis(3 * 3600, 6)), ElementsAre("0 s", "30 min", "1 h", "1 h 30 min", "2 h", "2 h 30 min", "3 h"));
  EXPECT_THAT(labels(time_axis(2.2 * 86400, 5)), ElementsAre("0 s", "12 h", "1 d", "1 d 12 h", "2 d"));
  EXPECT_THAT(labels(time_axis(400 * 86400.0, 4)), ElementsAre("0 s", "100 d", "200 d", "300 d", "400 d"));
  EXPECT_THAT(labels(time_axis(0.35, 4)), ElementsAre("0 s", "0.1 s", "0.2 s", "0.3 s"));
}

TEST(TimeAxis, OfWhatIsNoTimeCanBeDrawn) {
  for (const double seconds : {0.0, -5.0, std::nan(""), 1e18}) {
    const Axis axis = time_axis(seconds, 6);
    EXPECT_GT(axis.high, axis.low) << seconds;
    EXPECT_LE(axis.ticks.size(), 12U) << seconds;
  }
}

TEST(Extent, PassesOverWhatIsNotFinite) {
  Extent extent;
  for (const double value : {std::nan(""), HUGE_VAL, 3.0, -1.0}) extent.add(value);
  EXPECT_EQ(extent.low, -1);
  EXPECT_EQ(extent.high, 3);
}

}  // namespace
}  // namespace intertie::status
