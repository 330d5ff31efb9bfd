#include "intertie/status/report_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace intertie::status {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Thinned, KeepsWhatStandsOut) {
  std::vector<Point> points;
  for (int i = 0; i < 100'000; ++i) points.push_back({static_cast<double>(i), std::sin(i * 1e-3)});
  points[33'333].y = 50;
  points[77'777].y = -50;
  const std::vector<Point> kept = thinned(points, 600);
  EXPECT_LE(kept.size(), 602U);
  EXPECT_GE(kept.size(), 300U);
  EXPECT_THAT(kept, Contains(Point{33'333, 50}));
  EXPECT_THAT(kept, Contains(Point{77'777, -50}));
  EXPECT_EQ(kept.front(), points.front());
  EXPECT_EQ(kept.back(), points.back());
  for (std::size_t i = 1; i < kept.size(); ++i) EXPECT_LT(kept[i - 1].x, kept[i].x);
}

TEST(Thinned, LeavesAShortSeriesAlone) {
  const std::vector<Point> points = {{0, 1}, {1, 5}, {2, 1}};
  EXPECT_EQ(thinned(points, 600), points);
  EXPECT_TRUE(thinned(std::vector<Point>(), 600).empty());
}

TEST(Thinned, PointsAtOneXAreFew) {
  const std::vector<Point> points(1000, Point{7, 7});
  EXPECT_LE(thinned(points, 100).size(), 102U);
}

TEST(Thinned, SharesAreWeightedByTime) {
  std::vector<SharePoint> intervals;
  for (int i = 0; i < 1000; ++i) {
    intervals.push_back({.begin = 1.0 * i, .end = i + 1.0, .computing = i % 4 == 0 ? 1.0 : 0.0, .waiting = 0.5, .encoding = 0});
  }
  const std::vector<SharePoint> kept = thinned(intervals, 100);
  EXPECT_LE(kept.size(), 101U);
  double seconds = 0;
  double computing = 0;
  for (const SharePoint& share : kept) {
    seconds += share.end - share.begin;
    computing += (share.end - share.begin) * share.computing;
    EXPECT_THAT(share.waiting, DoubleNear(0.5, 1e-9));
  }
  EXPECT_THAT(seconds, DoubleNear(1000, 1e-6));
  EXPECT_THAT(computing, DoubleNear(250, 1e-6));
}

TEST(Thinned, SharesThatDoNotTouchStayApart) {
  std::vector<SharePoint> intervals;
  for (int i = 0; i < 50; ++i)
    intervals.push_back({.begin = 1.0 * i, .end = i + 1.0, .computing = 1, .waiting = 0, .encoding = 0});
  for (int i = 0; i < 50; ++i)
    intervals.push_back({.begin = 200.0 + i, .end = 201.0 + i, .computing = 1, .waiting = 0, .encoding = 0});
  for (const SharePoint& share : thinned(intervals, 10)) EXPECT_TRUE(share.end <= 51 || share.begin >= 200);
}

TEST(ByTokens, WhatWasDoneAgainReplacesWhatWasThere) {
  const auto at = [](double tokens, double loss) { return LossPoint{.at = 0, .tokens = tokens, .loss = loss}; };
  EXPECT_THAT(by_tokens({at(10, 5), at(20, 4), at(30, 3), at(20, 4.5), at(25, 3.5)}),
              ElementsAre(Point{10, 5}, Point{20, 4.5}, Point{25, 3.5}));
  EXPECT_THAT(by_tokens({at(10, 5), at(10, 4)}), ElementsAre(Point{10, 4}));
}

}  // namespace
}  // namespace intertie::status
