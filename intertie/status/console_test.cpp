#include "intertie/status/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/event_table.h"
#include "intertie/status/summary.h"

namespace intertie::status {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Record record(Event event) { return {.event = std::move(event), .site = "ashburn", .wall = {}, .since_start = Duration(0)}; }

Event progress_event(std::int64_t step) {
  return {"progress",
          {{"step", step},
           {"steps", std::int64_t{2000}},
           {"version", step / 30},
           {"loss", 2.2134},
           {"tokens", step * 768},
           {"tokens_per_second", 5123.0},
           {"computing", 0.91},
           {"encoding", 0.01},
           {"waiting", 0.08}}};
}

TEST(Console, ProgressIsOneLine) {
  ASSERT_EQ(fault_of(progress_event(120)), "");
  std::vector<std::string> lines;
  Console console([&](const std::string& line) { lines.push_back(line); });
  console.consume(record(progress_event(100)));
  console.consume(record({"link.measured", {{"peer", std::string("columbus")}, {"mbit_per_second", 92.34}}}));
  Record later = record(progress_event(120));
  later.since_start = std::chrono::seconds(2);
  console.consume(later);
  EXPECT_THAT(lines,
              ElementsAre("ashburn    step 100/2000   5 %  loss 2.213  5.12 k tokens/s  computing 91 % waiting 8 % encoding 1 %"
                          "  ETA -",
                          "ashburn    step 120/2000   6 %  loss 2.213  5.12 k tokens/s  computing 91 % waiting 8 % encoding 1 %"
                          "  columbus 92.3 Mbit/s  ETA 3 min 8 s"));
}

TEST(Console, NoEventBreaksTheLineOrTheProgram) {
  for (const EventDoc& doc : event_table()) {
    EXPECT_THAT(console_line(record({doc.name, {}}), {}), Not(HasSubstr("\n"))) << doc.name << " without any field";
  }
  EXPECT_EQ(console_line(record({"merge.committed", {}}), {}), "") << "merges are for the log";
}

TEST(Console, SecondsThatAreNoTime) {
  EXPECT_EQ(seconds_to_string(std::nan("")), "-");
  EXPECT_EQ(seconds_to_string(-1), "-");
  EXPECT_EQ(seconds_to_string(1e300), "-");
  EXPECT_EQ(seconds_to_string(200), "3 min 20 s");
}

const std::string kLog = R"({"event":"log.opened","schema":1}
{"event":"site.started","emulated":true,"paced":false}
{"event":"run.finished","version":7,"tokens":153600,"complete":true,"loss":2.2,"validation_loss":null,"seconds":75.0,)"
                         R"("computing":0.9,"waiting":0.08,"encoding":0.02,)"
                         R"("bytes_sent":32000000,"bytes_received":32000000,"parameters":"00ff"}
{"event":"prog)";

TEST(Summary, TableOfSites) {
  const std::string table = summary_table({summarise("ashburn", kLog), summarise("columbus", kLog)});
  EXPECT_THAT(table, HasSubstr("ashburn             7     2.200         -    90.0     8.0     2.0    32.0 MB    32.0 MB\n"));
  EXPECT_THAT(table, HasSubstr("154 k tokens in 1 min 15 s; final parameters 00ff, the same at all sites\n"));
  EXPECT_THAT(table, HasSubstr("links were emulated"));
  EXPECT_THAT(table, Not(HasSubstr("paced")));
}

TEST(Summary, SaysWhereSitesDiffer) {
  std::string other = kLog;
  other.replace(other.find("00ff"), 4, "0100");
  EXPECT_THAT(summary_table({summarise("a", kLog), summarise("b", other)}), HasSubstr("the parameters of a and b differ\n"));
}

TEST(Summary, AStartAfterTheEndIsNotFinished) {
  const std::string again = kLog.substr(0, kLog.rfind('{')) + "{\"event\":\"log.opened\"}\nnot json\n";
  EXPECT_THAT(summary_table({summarise("a", again)}), HasSubstr("a            has not finished\n"));
}

}  // namespace
}  // namespace intertie::status
