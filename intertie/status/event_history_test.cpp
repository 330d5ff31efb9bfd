#include "intertie/status/event_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::status {
namespace {

using ::testing::ElementsAre;

Record event_of(const std::string& name, const std::string& peer = {}) {
  Event event{.name = name, .fields = {}};
  if (!peer.empty()) event.fields.emplace_back("peer", peer);
  return {.event = std::move(event), .site = "ashburn", .wall = {}, .since_start = {}};
}

TEST(EventHistory, HasEverythingWhileItFits) {
  EventHistory history(100);
  EXPECT_TRUE(history.lines().empty());
  for (const char* name : {"run.started", "warning", "warning"}) history.add(event_of(name), std::string(name) + "\n");
  EXPECT_THAT(history.lines(), ElementsAre("run.started\n", "warning\n", "warning\n"));
}

TEST(EventHistory, KeepsTheLastWordOnWhatAViewShows) {
  EventHistory history(3);
  history.add(event_of("run.started"), "s");
  history.add(event_of("link.changed", "columbus"), "1");
  history.add(event_of("warning"), "w");
  history.add(event_of("link.changed", "quincy"), "2");
  history.add(event_of("link.changed", "columbus"), "3");
  history.add(event_of("progress"), "4");
  EXPECT_THAT(history.lines(), ElementsAre("s", "1", "2", "3", "4")) << "the warning is forgotten";
  for (const char* line : {"x", "y", "z"}) history.add(event_of("warning"), line);
  EXPECT_THAT(history.lines(), ElementsAre("s", "2", "3", "4", "x", "y", "z"))
      << "of two words on one link the later, in the order in which they came";
}

TEST(EventHistory, StaysSmallHoweverLongTheRun) {
  EventHistory history(1000);
  const std::string line(99, 'a');
  for (int i = 0; i < 10'000; ++i) {
    for (const char* name : {"progress", "merge.committed", "warning", "checkpoint.written"}) history.add(event_of(name), line);
  }
  EXPECT_LE(history.lines().size(), 10U + 2U);
}

TEST(EventHistory, TheNewestLineIsThereWhateverItsSize) {
  EventHistory history(10);
  history.add(event_of("warning"), std::string(50, 'a'));
  EXPECT_EQ(history.lines().size(), 1U);
  history.add(event_of("warning"), "b");
  EXPECT_THAT(history.lines(), ElementsAre("b"));
}

}  // namespace
}  // namespace intertie::status
