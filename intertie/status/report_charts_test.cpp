#include "intertie/status/report_charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "intertie/status/markup_fixture.h"

namespace intertie::status {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex form(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

std::vector<Point> polyline_in(const std::string& picture) {
  std::vector<Point> points;
  const std::vector<std::string> lists = matches(picture, "<polyline points=\"([^\"]*)\"");
  for (const std::string& pair : matches(lists.empty() ? "" : lists.front() + " ", "([^ ]+) ")) {
    points.push_back({std::stod(pair), std::stod(pair.substr(pair.find(',') + 1))});
  }
  return points;
}

LineChart chart_of(std::vector<Curve> curves) {
  return {.meaning = "loss",
          .x_title = "tokens",
          .y_title = "nats",
          .x = exact_axis({.low = 0, .high = 100}, 4),
          .y = number_axis({.low = 1, .high = 5}, 4),
          .curves = std::move(curves),
          .cuts = {}};
}

Curve curve_of(std::vector<Point> points, const std::string& label = "ashburn") {
  return {.label = label, .css = "s0", .parts = {std::move(points)}};
}

std::string checked(const std::string& picture) {
  EXPECT_EQ(markup_fault("<!DOCTYPE html>\n" + picture), "");
  EXPECT_THAT(picture, Not(HasSubstr("nan")));
  EXPECT_THAT(picture, Not(HasSubstr("inf")));
  return picture;
}

TEST(LineChart, PointsLieWhereTheTicksSay) {
  const std::string picture = checked(line_chart(chart_of({curve_of({{0, 5}, {50, 3}, {100, 1}})})));
  EXPECT_THAT(matches(picture, "class=\"tick\" text-anchor=\"end\">([^<]*)<"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(matches(picture, "class=\"tick\" text-anchor=\"middle\">([^<]*)<"), ElementsAre("0", "50", "100"));
  const std::vector<std::string> columns = matches(picture, "<text x=\"([^\"]*)\"[^>]* text-anchor=\"middle\">[0-9]");
  const std::vector<std::string> rows = matches(picture, "y1=\"([^\"]*)\"[^>]* class=\"grid\"");
  const std::vector<Point> points = polyline_in(picture);
  ASSERT_THAT(points, SizeIs(3));
  ASSERT_THAT(columns, SizeIs(3));
  ASSERT_THAT(rows, SizeIs(5));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(points[i].x, std::stod(columns[i]));
  EXPECT_EQ(points[0].y, std::stod(rows[4]));
  EXPECT_EQ(points[1].y, std::stod(rows[2]));
  EXPECT_EQ(points[2].y, std::stod(rows[0]));
}

TEST(LineChart, WithoutCurvesOrPointsTheAxesAreLeft) {
  for (const LineChart& chart :
       {chart_of({}), chart_of({curve_of({})}), chart_of({{.label = "a", .css = "s0", .parts = {}}})}) {
    const std::string picture = checked(line_chart(chart));
    EXPECT_THAT(picture, HasSubstr(">tokens</text>"));
    EXPECT_THAT(picture, Not(HasSubstr("class=\"name\""))) << "a label without a curve";
  }
}

TEST(LineChart, OnePointIsADot) {
  const std::string picture = checked(line_chart(chart_of({curve_of({{50, 3}})})));
  EXPECT_THAT(picture, HasSubstr("<circle"));
  EXPECT_THAT(picture, HasSubstr(">ashburn</text>"));
}

TEST(LineChart, WhatIsBeyondTheAxisStaysInThePicture) {
  const std::vector<Point> points = polyline_in(checked(line_chart(chart_of({curve_of({{0, 1e15}, {100, -1e15}})}))));
  ASSERT_THAT(points, SizeIs(2));
  for (const Point& point : points) {
    EXPECT_GE(point.y, 0);
    EXPECT_LE(point.y, 290);
  }
}

TEST(LineChart, OfAHugeRunIsSmallAndKeepsItsPeak) {
  std::vector<Point> points;
  for (int i = 0; i < 300'000; ++i) points.push_back({i / 3000.0, 2 + 0.5 * std::sin(i)});
  points[123'456].y = 5;
  const std::string picture = checked(line_chart(chart_of({curve_of(points)})));
  EXPECT_LT(picture.size(), 12'000U);
  const std::vector<Point> shown = polyline_in(picture);
  EXPECT_LE(shown.size(), kMostCurvePoints + 2);
  EXPECT_GE(shown.size(), kMostCurvePoints / 2);
  const auto highest = std::min_element(shown.begin(), shown.end(), [](Point a, Point b) { return a.y < b.y; });
  EXPECT_EQ(highest->y, 26) << "the plot's top";
}

TEST(LineChart, LabelsOfManySitesCoverNoOtherAndStayInside) {
  std::vector<Curve> curves;
  for (int i = 0; i < 40; ++i) curves.push_back(curve_of({{0, 3}, {100, 3}}, "site " + std::to_string(i)));
  const std::string picture = checked(line_chart(chart_of(curves)));
  double last = -100;
  const std::vector<std::string> heights = matches(picture, "y=\"([^\"]*)\" class=\"name\"");
  EXPECT_GT(heights.size(), 10U);
  for (const std::string& text : heights) {
    const double y = std::stod(text);
    EXPECT_GE(y - last, 14.9);
    EXPECT_LE(y, 290 - 38);
    last = y;
  }
}

TEST(LineChart, NamesAreText) {
  const std::string picture = checked(line_chart(chart_of({curve_of({{0, 3}, {100, 3}}, "<&\">")})));
  EXPECT_THAT(picture, HasSubstr(">&lt;&amp;&quot;&gt;</text>"));
}

ShareChart shares_of(std::vector<SharePoint> shares) {
  return {.meaning = "time",
          .x = time_axis(100, 5),
          .bands = {{.label = "<&\">", .css = "s0", .shares = std::move(shares)}},
          .cuts = {}};
}

TEST(ShareChart, SharesAboveTheWholeAreCut) {
  const std::string picture =
      checked(share_chart(shares_of({{.begin = 0, .end = 100, .computing = 0.75, .waiting = 0.75, .encoding = 0.5}})));
  double height = 0;
  for (const char* part : {"computing", "encoding", "waiting"}) {
    for (const std::string& text : matches(picture, std::string("class=\"") + part + "\" d=\"M[^v]*v([0-9.]+)")) {
      height += std::stod(text);
    }
  }
  EXPECT_EQ(height, 58) << "a band";
  EXPECT_THAT(picture, Not(HasSubstr("class=\"waiting\""))) << "nothing is left of the time";
  EXPECT_THAT(picture, HasSubstr("&lt;&amp;&quot;&gt;"));
}

TEST(ShareChart, OfNothingAndOfAHugeRunCanBeDrawn) {
  EXPECT_THAT(matches(checked(share_chart(shares_of({}))), "(<path)"), IsEmpty());
  std::vector<SharePoint> many;
  for (int i = 0; i < 200'000; ++i) {
    many.push_back({.begin = i / 2000.0, .end = (i + 1) / 2000.0, .computing = 0.5, .waiting = 0.25, .encoding = 0.125});
  }
  const std::string picture = checked(share_chart(shares_of(many)));
  EXPECT_LT(picture.size(), 40'000U);
  EXPECT_THAT(matches(picture, "h([0-9.]+)v"),
              Each(testing::ResultOf([](const std::string& w) { return std::stod(w); }, testing::Ge(1))));
}

}  // namespace
}  // namespace intertie::status
