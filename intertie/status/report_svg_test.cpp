#include "intertie/status/report_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/markup_fixture.h"

namespace intertie::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string drawn(const std::function<void(Svg&)>& draw) {
  Svg svg({100, 50}, "a picture");
  draw(svg);
  return std::move(svg).done();
}

std::string fault(const std::string& picture) { return markup_fault("<!DOCTYPE html>\n" + picture); }

TEST(Svg, ClosesAndEscapesEverything) {
  const std::string strange = "<b class=\"x\">&'\x1b";
  Svg svg({100, 50}, strange);
  svg.begin_group("s0");
  svg.text({.x = 1, .y = 2, .text = strange, .css = "name", .anchor = "end"});
  svg.box({.x = 1, .y = 2, .width = 3, .height = 4, .css = "member", .tip = strange});
  svg.box({.x = 1, .y = 2, .width = 3, .height = 4, .css = "member", .tip = {}});
  svg.dot({1, 2}, 3, "dot", strange);
  svg.line({0, 0}, {1, 1}, "grid");
  svg.polyline({{0, 0}, {1, 1}}, "line");
  svg.boxes({{.x = 1, .y = 2, .width = 3, .height = 4, .css = {}, .tip = {}}}, "merge");
  svg.end_group();
  const std::string picture = std::move(svg).done();
  EXPECT_EQ(fault(picture), "");
  EXPECT_THAT(picture, Not(HasSubstr("<b")));
  EXPECT_THAT(picture, HasSubstr("&lt;b class=&quot;x&quot;&gt;&amp;&#39;\xef\xbf\xbd</text>"));
}

TEST(Svg, CoordinatesAreShort) {
  EXPECT_THAT(drawn([](Svg& svg) {
                svg.line({-0.01, 12.0}, {3.14159, 1e6}, "grid");
              }),
              HasSubstr("<line x1=\"0\" y1=\"12\" x2=\"3.1\" y2=\"1000000\" class=\"grid\"/>"));
}

TEST(Svg, OnePointIsADotAndNoneIsNothingToSee) {
  EXPECT_THAT(drawn([](Svg& svg) { svg.polyline({{3, 4}}, "line"); }), HasSubstr("<circle cx=\"3\" cy=\"4\""));
  EXPECT_EQ(fault(drawn([](Svg& svg) { svg.polyline({}, "line"); })), "");
  EXPECT_THAT(drawn([](Svg& svg) { svg.boxes({}, "merge"); }), Not(HasSubstr("<path")));
}

TEST(Svg, TextsAreCutBetweenCharacters) {
  EXPECT_EQ(fitted("ashburn", 200), "ashburn");
  EXPECT_EQ(fitted("ashburn", 35), "ashb…");
  EXPECT_EQ(fitted("Łódź-Łódź", 35), "Łódź…");
  EXPECT_EQ(fitted("ashburn", 1), "…");
  EXPECT_EQ(text_width("Łódź"), text_width("Lodz"));
}

}  // namespace
}  // namespace intertie::status
