#include "intertie/status/event_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace intertie::status {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EventTable, NamesAreUniqueAndDescribed) {
  std::set<std::string> events;
  for (const EventDoc& event : event_table()) {
    EXPECT_TRUE(events.insert(event.name).second) << event.name;
    EXPECT_FALSE(event.meaning.empty()) << event.name;
    std::set<std::string> fields = {"time", "elapsed", "site", "event"};  // of every line
    for (const FieldDoc& field : event.fields) {
      EXPECT_TRUE(fields.insert(field.name).second) << event.name << " " << field.name;
      EXPECT_FALSE(field.meaning.empty()) << event.name << " " << field.name;
    }
  }
}

TEST(EventTable, FindsFaults) {
  EXPECT_EQ(fault_of({"checkpoint.complete", {{"version", std::int64_t{3}}, {"restart", std::int64_t{0}}}}), "");
  EXPECT_EQ(fault_of({"checkpoint.done", {}}), "event checkpoint.done is not in the table");
  EXPECT_EQ(fault_of({"checkpoint.complete", {{"version", std::int64_t{3}}}}),
            "field restart of checkpoint.complete is missing");
  EXPECT_EQ(fault_of({"checkpoint.complete", {{"version", 3.0}}}),
            "field version of checkpoint.complete must be a whole number");
  EXPECT_EQ(fault_of({"checkpoint.complete", {{"size", true}}}), "field size of checkpoint.complete is not in the table");
}

TEST(EventTable, ReadsFields) {
  const Event event{"x", {{"a", std::int64_t{3}}, {"b", 2.5}, {"c", std::string("t")}}};
  EXPECT_EQ(number_of(event, "a"), 3.0);
  EXPECT_EQ(number_of(event, "b"), 2.5);
  EXPECT_EQ(text_of(event, "c"), "t");
  EXPECT_EQ(integer_of(event, "missing"), 0);
  EXPECT_EQ(text_of(event, "a"), "");
}

TEST(EventTable, ReadsNames) {
  const auto names = [](const std::string& text) { return names_of({"x", {{"set", text}}}, "set"); };
  EXPECT_THAT(names("a, b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(" , ,"), IsEmpty());
  EXPECT_THAT(names(""), IsEmpty());
}

}  // namespace
}  // namespace intertie::status
