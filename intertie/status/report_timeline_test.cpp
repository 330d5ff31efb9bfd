#include "intertie/status/report_timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/markup_fixture.h"
#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TimelinePicture picture_of(const std::vector<LogBook>& logs, double width = 1080) {
  std::vector<SiteLog> read;
  for (const LogBook& log : logs) read.push_back(log.read());
  const RunHistory history = read_history({}, read);
  const TimelinePicture picture = timeline_picture(history, figures_of(history), timeline(history), width);
  EXPECT_EQ(markup_fault("<!DOCTYPE html>\n" + picture.svg), "");
  EXPECT_THAT(picture.svg, Not(HasSubstr("nan")));
  return picture;
}

LogBook::Fields way(const std::string& peer, const std::string& state) {
  return {{"peer", peer}, {"state", state}, {"relay", std::string(state == "relayed" ? "c" : "")}};
}

// The right end of the last box of a class.
double end_of_last(const std::string& svg, const std::string& css) {
  const std::size_t at = svg.rfind("<rect x=\"", svg.rfind("class=\"" + css + "\""));
  if (at == std::string::npos) return -1;
  const double left = std::stod(svg.substr(at + 9));
  return left + std::stod(svg.substr(svg.find("width=\"", at) + 7));
}

TEST(TimelinePicture, ShowsHowALinkWas) {
  LogBook a("a"), b("b");
  for (LogBook* log : {&a, &b}) log->at(0).start();
  a.at(1).add("site.connected", {{"peer", std::string("b")}}).at(20).add("link.changed", way("b", "relayed"));
  b.at(1).add("site.connected", {{"peer", std::string("a")}}).at(50).add("progress");
  a.at(40).add("link.changed", way("b", "direct")).at(100).add("run.finished", {{"complete", true}});
  b.at(100).add("run.finished", {{"complete", true}});
  const std::string svg = picture_of({a, b}).svg;
  EXPECT_THAT(svg, HasSubstr("<title>a - b: relayed for 20.0 s</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>a - b: direct for 1 min</title>"));
  EXPECT_NEAR(end_of_last(svg, "relayed"), 56 + (1080 - 16 - 56) * 0.4, 20);
}

TEST(TimelinePicture, ALinkThatChangesAllTheTimeIsShownToItsEnd) {
  LogBook a("a"), b("b");
  for (LogBook* log : {&a, &b}) log->at(0).start();
  a.at(1).add("site.connected", {{"peer", std::string("b")}});
  b.at(1).add("site.connected", {{"peer", std::string("a")}});
  for (int i = 1; i <= 3000; ++i) a.at(2 + i).add("link.changed", way("b", i % 2 == 1 ? "relayed" : "direct"));
  for (LogBook* log : {&a, &b}) log->at(3003).add("run.finished", {{"complete", true}});
  const std::string svg = picture_of({a, b}).svg;
  EXPECT_LT(svg.size(), 150'000U);
  EXPECT_GT(end_of_last(svg, "relayed"), 1050) << "the last hours are blank";
}

TEST(TimelinePicture, OfManySitesQuietLinksAreLeftOut) {
  std::vector<LogBook> logs;
  for (const char* name : {"a", "b", "c", "d", "e"}) logs.emplace_back(name).at(0).start();
  for (LogBook& log : logs) log.at(50).add("progress");
  logs[0].add("link.changed", way("b", "cut"));
  logs[1].add("link.changed", way("a", "cut"));
  for (LogBook& log : logs) log.at(100).add("run.finished", {{"complete", true}});
  const TimelinePicture picture = picture_of(logs);
  EXPECT_EQ(picture.num_quiet_links, 9U);
  EXPECT_THAT(picture.svg, HasSubstr(">a - b</text>"));
  EXPECT_THAT(picture.svg, Not(HasSubstr(">c - d</text>")));
}

TEST(TimelinePicture, WhatHappensAtOnceHasOneMark) {
  LogBook a("a");
  a.at(0).start().at(50).add("view.entered", {{"view", std::int64_t{2}}, {"members", std::string("<&\">")}});
  a.at(50.1).add("samples.lost", {{"peer", std::string("b")}}).at(100).add("run.finished", {{"complete", true}});
  const std::string svg = picture_of({a}).svg;
  EXPECT_THAT(svg, HasSubstr("class=\"number\" text-anchor=\"middle\">2-3</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"badge bad\""));
  EXPECT_THAT(svg, HasSubstr("&lt;&amp;&quot;&gt;"));
}

TEST(TimelinePicture, OfRunsWithoutTimeCanBeDrawn) {
  LogBook opened("a");
  opened.open();
  for (const double width : {420.0, 1080.0}) {
    EXPECT_THAT(picture_of({}, width).svg, HasSubstr("</svg>"));
    EXPECT_THAT(picture_of({LogBook("a")}, width).svg, HasSubstr(">a</text>"));
    EXPECT_THAT(picture_of({opened}, width).svg, HasSubstr(">a</text>"));
  }
}

}  // namespace
}  // namespace intertie::status
