#include "intertie/status/event_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/event_table.h"
#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

std::vector<Record> lines_of(std::string_view text, LogCounts* counts = nullptr) {
  std::vector<Record> lines;
  const LogCounts counted = read_log(text, [&](Record line) { lines.push_back(std::move(line)); });
  if (counts) *counts = counted;
  return lines;
}

TEST(ReadLog, GivesBackWhatWasWritten) {
  LogBook log("ashburn");
  log.open()
      .at(2.5)
      .add("evaluation", {{"step", std::int64_t{30}}, {"loss", 1.75}})
      .add("link.measured", {{"mbit_per_second", NAN}});
  const std::vector<Record> lines = lines_of(log.text());
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].event.name, "evaluation");
  EXPECT_EQ(lines[1].since_start, std::chrono::milliseconds(2500));
  EXPECT_EQ(lines[1].wall - lines[0].wall, std::chrono::milliseconds(2500));
  EXPECT_EQ(integer_of(lines[1].event, "step"), 30);
  EXPECT_EQ(number_of(lines[1].event, "loss"), 1.75);
  EXPECT_EQ(fault_of(lines[1].event), "") << "its own fields and no others";
  EXPECT_TRUE(std::isnan(number_of(lines[2].event, "mbit_per_second"))) << "null";
}

TEST(EventLine, IsReadAsItWasWritten) {
  const Record written{
      .event = {"x", {{"n", std::int64_t{3}}, {"w", 3.0}, {"bad", std::nan("")}, {"t", std::string("a\"\n")}, {"on", true}}},
      .site = "ashburn",
      .wall = WallTime(std::chrono::milliseconds(1'795'309'323'456)),
      .since_start = std::chrono::microseconds(1'500'001)};
  const auto read = read_json_line(json_line(written));
  ASSERT_TRUE(read);
  EXPECT_EQ(json_line(*read), json_line(written));
  EXPECT_EQ(read->wall, written.wall);
  EXPECT_EQ(read->since_start, written.since_start);
  EXPECT_EQ(read->event.fields[0].second, Event::Value(std::int64_t{3}));
  EXPECT_EQ(read->event.fields[1].second, Event::Value(3.0)) << "a number stays one";
  EXPECT_EQ(read->event.fields[4].second, Event::Value(true));
}

TEST(EventLine, OthersAreNone) {
  const std::string time = R"("time":"2026-10-02T09:00:00.000Z",)";
  EXPECT_TRUE(read_json_line("{" + time + R"("elapsed":1,"site":"a","event":"x"})"));
  for (const char* rest : {R"("elapsed":1,"event":"x"})", R"("elapsed":1,"site":"a"})", R"("site":"a","event":"x"})",
                           R"("elapsed":1,"site":"a","event":3})", R"("elapsed":"1","site":"a","event":"x"})"}) {
    EXPECT_FALSE(read_json_line("{" + time + rest)) << rest;
  }
  for (const char* line : {"", "words", "{", "{}", "[1]", R"({"elapsed":1,"site":"a","event":"x"})"}) {
    EXPECT_FALSE(read_json_line(line)) << line;
  }
}

TEST(ReadLog, PassesOverWhatIsNoEvent) {
  LogBook log("a");
  log.open().raw("{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":1,\"site\":\"a\",\"event\":\"half\n");
  log.raw("[]\n\n{}\nnot json\n");
  log.raw("{\"time\":\"yesterday\",\"elapsed\":1,\"site\":\"a\",\"event\":\"x\"}\n");
  log.raw("{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":-1,\"site\":\"a\",\"event\":\"x\"}\n");
  log.raw("{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":1e300,\"site\":\"a\",\"event\":\"x\"}\n");
  log.raw("{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":1,\"site\":\"a\",\"event\":7}\n");
  log.at(3).add("checkpoint.complete").raw("{\"time\":\"2026-10-02T09:0");
  LogCounts counts;
  EXPECT_EQ(lines_of(log.text(), &counts).size(), 2U);
  EXPECT_EQ(counts.num_events, 2U);
  EXPECT_EQ(counts.num_unreadable, 8U) << "the empty line and the half one at the end are none";
}

TEST(ReadLog, OfNothingIsNothing) {
  LogCounts counts;
  EXPECT_EQ(lines_of("", &counts).size(), 0U);
  EXPECT_EQ(counts.num_unreadable, 0U);
}

TEST(Utc, ReadsWhatItWrites) {
  EXPECT_EQ(read_utc("1970-01-01T00:00:00.000Z"), WallTime{});
  EXPECT_EQ(read_utc("2026-11-22T01:02:03.456Z"), WallTime(std::chrono::milliseconds(1'795'309'323'456)));
  EXPECT_EQ(read_utc("2200-12-31T23:59:59.999Z"), WallTime(std::chrono::milliseconds(7'289'654'399'999)));
  EXPECT_EQ(utc_to_string(1'795'309'323.456), "2026-11-22 01:02:03");
  EXPECT_EQ(utc_to_string(NAN), "-");
  EXPECT_EQ(utc_to_string(-1), "-");
  EXPECT_EQ(utc_to_string(1e20), "-");
}

TEST(Utc, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026-11-22", "2026-11-22 01:02:03.456Z", "2026-13-22T01:02:03.456Z", "2026-02-30T01:02:03.456Z",
                           "2026-11-22T24:02:03.456Z", "2026-11-22T01:60:03.456Z", "2026-11-22T01:02:61.456Z",
                           "2026-11-22T01:02:03.-56Z", "1969-11-22T01:02:03.456Z", "2201-01-01T00:00:00.000Z",
                           "2026-11-22T01:02:03.456Zx", "+026-11-22T01:02:03.456Z", "2026-11-22T01:02:03.4 6Z"}) {
    EXPECT_EQ(read_utc(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace intertie::status
