#include "intertie/status/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Record record(Event event) { return {.event = std::move(event), .site = "ashburn", .wall = {}, .since_start = Duration(0)}; }

Event progress_event() {
  return {"progress",
          {{"step", std::int64_t{120}},
           {"num_steps", std::int64_t{2000}},
           {"tokens", std::int64_t{92160}},
           {"loss", 2.2134},
           {"lr", 1e-3},
           {"gradient_norm", 1.0},
           {"tokens_per_second", 5123.0},
           {"computing_share", 0.91},
           {"waiting_share", 0.08},
           {"encoding_share", 0.01},
           {"eta_seconds", 200.0}}};
}

TEST(Console, ProgressIsOneLine) {
  ASSERT_EQ(fault_of(progress_event()), "");
  std::vector<std::string> lines;
  Console console([&](const std::string& line) { lines.push_back(line); });
  console.consume(record({"link.measured", {{"peer", std::string("columbus")}, {"mbit_per_second", 92.34}}}));
  console.consume(record(progress_event()));
  EXPECT_THAT(lines,
              ElementsAre("ashburn    step 120/2000   6 %  loss 2.213  5.12 k tokens/s  computing 91 % waiting 8 % encoding 1 %"
                          "  columbus 92.3 Mbit/s  ETA 3 min 20 s"));
}

TEST(Console, NoEventBreaksTheLineOrTheProgram) {
  for (const EventDoc& doc : event_table()) {
    EXPECT_THAT(console_line(record({doc.name, {}}), {}), Not(HasSubstr("\n"))) << doc.name << " without any field";
  }
  EXPECT_EQ(console_line(record({"merge.committed", {}}), {}), "") << "merges are for the log";
}

TEST(Console, WordsComeBehindTheSite) {
  EXPECT_EQ(console_line(record({"join.began", {{"donor", std::string("quincy")}, {"version", std::int64_t{12}}}}), {}),
            "ashburn    fetches version 12 from quincy");
  EXPECT_EQ(console_line(record({"error", {{"message", std::string("no space left")}}}), {}), "")
      << "the program's end says it";
}

TEST(Console, TheEndOfASiteThatDoesNotEvaluate) {
  const std::string line = console_line(record({"run.finished", {{"complete", true}, {"validation_loss", std::nan("")}}}), {});
  EXPECT_THAT(line, HasSubstr("ashburn    is done at step 0: 0 ns"));
  EXPECT_THAT(line, Not(HasSubstr("nan")));
  EXPECT_THAT(console_line(record({"run.finished", {{"complete", false}, {"validation_loss", 1.5}}}), {}),
              HasSubstr("has stopped at step 0: validation loss 1.5000"));
  EXPECT_THAT(console_line(record({"run.finished", {{"complete", false}, {"left", true}}}), {}),
              HasSubstr("has left at step 0"));
}

}  // namespace
}  // namespace intertie::status
