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

TEST(Console, ChangesOfMembersAndLinksAreLines) {
  const std::string why = "silent for 3 s";
  const std::vector<std::pair<Event, const char*>> cases = {
      {{"view.entered",
        {{"view", std::int64_t{3}},
         {"members", std::string("ashburn,quincy")},
         {"num_members", std::int64_t{2}},
         {"from_version", std::int64_t{12}},
         {"reason", why}}},
       "view 3 from version 12 on: ashburn,quincy: silent for 3 s"},
      {{"merge.ordered",
        {{"version", std::int64_t{12}}, {"order", std::string("re-sum")}, {"set", std::string("ashburn,quincy")}}},
       "the open merge to version 12 is completed with ashburn,quincy (re-sum)"},
      {{"samples.lost",
        {{"peer", std::string("columbus")},
         {"version", std::int64_t{12}},
         {"samples", std::string("40-49")},
         {"lost_tokens", std::int64_t{5120}}}},
       "5.12 k tokens of columbus are in no merge: samples 40-49"},
      {{"link.changed",
        {{"peer", std::string("columbus")},
         {"state", std::string("relayed")},
         {"relay", std::string("quincy")},
         {"message", why}}},
       "reaches columbus over quincy: silent for 3 s"},
      {{"link.changed",
        {{"peer", std::string("columbus")}, {"state", std::string("cut")}, {"relay", std::string()}, {"message", why}}},
       "has no way to columbus: silent for 3 s"},
      {{"link.changed",
        {{"peer", std::string("columbus")},
         {"state", std::string("direct")},
         {"relay", std::string()},
         {"message", std::string()}}},
       "reaches columbus directly"},
      {{"site.leaving", {{"reason", std::string("Ctrl-C")}}}, "leaves the run: Ctrl-C"},
      {{"site.left", {{"peer", std::string("columbus")}, {"reason", std::string("Ctrl-C")}}},
       "columbus has left the run: Ctrl-C"},
      {{"site.fenced", {{"view", std::int64_t{3}}, {"version", std::int64_t{12}}, {"lost_tokens", std::int64_t{5120}}}},
       "was taken out of the members (view 3) and comes back without its last 5.12 k tokens"},
      {{"join.began", {{"donor", std::string("quincy")}, {"version", std::int64_t{12}}}}, "fetches version 12 from quincy"},
      {{"join.finished",
        {{"donor", std::string("quincy")}, {"version", std::int64_t{12}}, {"bytes", std::int64_t{800000}}, {"seconds", 2.0}}},
       "holds version 12: 800 kB from quincy in 2.00 s"},
      {{"store.away", {{"peer", std::string("ashburn")}, {"seconds", 1.0}, {"message", why}}},
       "cannot reach the store at ashburn: silent for 3 s"},
      {{"store.back", {{"peer", std::string("ashburn")}, {"seconds", 60.0}}},
       "reaches the store at ashburn again, after 1 min"},
  };
  for (const auto& [event, line] : cases) {
    EXPECT_EQ(fault_of(event), "");
    EXPECT_EQ(console_line(record(event), {}), "ashburn    " + std::string(line));
  }
}

TEST(Console, TheEndOfASiteThatDoesNotEvaluate) {
  const std::string line = console_line(record({"run.finished", {{"complete", true}, {"validation_loss", std::nan("")}}}), {});
  EXPECT_THAT(line, HasSubstr("done at step 0: 0 ns"));
  EXPECT_THAT(line, Not(HasSubstr("nan")));
  EXPECT_THAT(console_line(record({"run.finished", {{"complete", false}, {"validation_loss", 1.5}}}), {}),
              HasSubstr("stopped at step 0: validation loss 1.5000"));
}

TEST(Console, SecondsThatAreNoTime) {
  EXPECT_EQ(seconds_to_string(std::nan("")), "-");
  EXPECT_EQ(seconds_to_string(-1), "-");
  EXPECT_EQ(seconds_to_string(1e300), "-");
  EXPECT_EQ(seconds_to_string(200), "3 min 20 s");
}

}  // namespace
}  // namespace intertie::status
