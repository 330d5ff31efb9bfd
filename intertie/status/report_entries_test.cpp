#include "intertie/status/report_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> said(const std::vector<Entry>& entries) {
  std::vector<std::string> words;
  for (const Entry& entry : entries) words.push_back(entry.words);
  return words;
}

LogBook::Fields second_view() {
  return {{"view", std::int64_t{2}},
          {"members", std::string("a,c")},
          {"from_version", std::int64_t{9}},
          {"reason", std::string("b was silent for 3 s")}};
}

TEST(Timeline, WhatSeveralRecordIsOneEntry) {
  LogBook a("a"), c("c");
  a.at(0).start().at(9).add("view.entered", second_view());
  c.at(0).start().at(8).add("view.entered", second_view());
  const std::vector<Entry> entries = timeline(read_history({}, {a.read(), {"b", std::nullopt}, c.read()}));
  EXPECT_THAT(said(entries), ElementsAre("a starts", "c starts", "view 2 from version 9 on: a, c; b was silent for 3 s"));
  EXPECT_EQ(entries[2].at, 8);
  EXPECT_THAT(entries[2].sites, ElementsAre("a", "c"));
  EXPECT_EQ(entries[2].weight, Weight::notable);
}

TEST(Timeline, WhatIsSaidAgainAndAgainIsOneEntryWithACount) {
  LogBook a("a");
  const LogBook::Fields away = {{"peer", std::string("s")}};
  a.start().add("store.away", away).at(10).add("store.away", away).at(20).add("store.away", away);
  a.at(25).add("store.back", {{"peer", std::string("s")}, {"seconds", 24.0}}).at(30).add("store.away", away);
  const std::vector<Entry> entries = timeline(read_history({}, {a.read()}));
  EXPECT_THAT(said(entries), ElementsAre("a starts", "a cannot reach the store at s",
                                         "a reaches the store at s again, after 24.0 s", "a cannot reach the store at s"));
  EXPECT_EQ(entries[1].num_more, 2U);
  EXPECT_EQ(entries[3].num_more, 0U);
}

TEST(Timeline, DifferentWarningsAreDifferentEntries) {
  LogBook a("a");
  const auto warn = [&a](const char* message) { a.add("warning", {{"message", std::string(message)}}); };
  a.start();
  warn("not used: sync.lanes");
  warn("phase merge 3 has waited 31.2 s for b");
  warn("phase merge 3 has waited 61.9 s for b");
  warn("not used: sync.lanes");
  warn("phase merge 3 has waited 91.9 s for c");
  const std::vector<Entry> entries = timeline(read_history({}, {a.read()}));
  EXPECT_THAT(said(entries),
              ElementsAre("a starts", "a warning: not used: sync.lanes", "a warning: phase merge 3 has waited 31.2 s for b",
                          "a warning: phase merge 3 has waited 91.9 s for c"));
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[1].num_more, 1U);
  EXPECT_EQ(entries[2].num_more, 1U) << "numbers make no other warning";
}

TEST(Timeline, ASiteThatFallsSilentIsSaid) {
  LogBook a("a"), b("b");
  a.at(0).start().at(60).add("run.finished", {{"complete", true}});
  b.at(0).start().at(20).add("progress");
  const std::vector<Entry> entries = timeline(read_history({}, {a.read(), b.read()}));
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[2].words, "b records nothing more: it was killed, or its machine went away");
  EXPECT_EQ(entries[2].at, 20);
  EXPECT_EQ(entries[2].weight, Weight::bad);
  b.at(55).add("progress");
  EXPECT_EQ(timeline(read_history({}, {a.read(), b.read()})).size(), 3U) << "it may be between two lines";
}

TEST(Timeline, ASiteThatSaidWhyItEndsIsNotSilent) {
  LogBook a("a");
  a.at(0).start().at(5).add("error", {{"message", std::string("no space left")}}).at(30).start().at(35).add("progress");
  EXPECT_THAT(said(timeline(read_history({}, {a.read()}))),
              ElementsAre("a starts", "a ends with an error: no space left", "a starts"));
}

}  // namespace
}  // namespace intertie::status
