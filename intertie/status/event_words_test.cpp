#include "intertie/status/event_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Event::Value text_value(const std::string& value) { return value; }
Event::Value whole_value(std::int64_t value) { return value; }

// Every field of the table, none of them empty or 0.
Event full_event(const EventDoc& doc) {
  Event event{.name = doc.name, .fields = {}};
  for (const FieldDoc& field : doc.fields) {
    switch (field.type) {
      case FieldType::flag: event.fields.emplace_back(field.name, true); break;
      case FieldType::integer: event.fields.emplace_back(field.name, std::int64_t{7}); break;
      case FieldType::number: event.fields.emplace_back(field.name, 0.5); break;
      case FieldType::text: event.fields.emplace_back(field.name, std::string("some")); break;
    }
  }
  return event;
}

TEST(EventWords, EveryEventOfTheTableHasAKindAndNoOther) {
  ASSERT_EQ(event_kinds().size(), event_table().size());
  for (std::size_t i = 0; i < event_kinds().size(); ++i) EXPECT_EQ(event_kinds()[i].name, event_table()[i].name);
  EXPECT_FALSE(kind_of({"dinner.served", {}}).in_lines);
}

TEST(EventWords, WhatIsSaidAnywhereHasWordsAndTheRestIsSilent) {
  for (const EventDoc& doc : event_table()) {
    const EventKind& kind = kind_of({doc.name, {}});
    const bool said = kind.in_lines || kind.in_view || kind.in_report;
    EXPECT_EQ(words_of(full_event(doc)).empty(), !said) << doc.name;
    EXPECT_EQ(detailed_words_of(full_event(doc)).empty(), !said) << doc.name;
    for (const Event& event : {full_event(doc), Event{doc.name, {}}}) {
      EXPECT_THAT(detailed_words_of(event), Not(HasSubstr("\n"))) << doc.name;
      EXPECT_THAT(detailed_words_of(event), Not(HasSubstr("nan"))) << doc.name;
    }
  }
}

TEST(EventWords, SilentAreThoseThatOnlyTheLogHas) {
  std::vector<std::string_view> silent;
  for (const EventKind& kind : event_kinds()) {
    if (!kind.in_lines && !kind.in_view && !kind.in_report) silent.push_back(kind.name);
  }
  EXPECT_THAT(silent,
              testing::ElementsAre("log.opened", "link.measured", "merge.committed", "checkpoint.written", "flush.answered"));
}

Event order(const std::string& without, const std::string& saved) {
  return {"merge.ordered",
          {{"version", whole_value(12)},
           {"order", text_value("re-sum")},
           {"set", text_value("ashburn, quincy")},
           {"without", text_value(without)},
           {"saved", text_value(saved)}}};
}

TEST(EventWords, OfMembers) {
  const std::vector<std::pair<Event, const char*>> cases = {
      {{"view.entered",
        {{"view", whole_value(3)},
         {"members", text_value("ashburn,quincy")},
         {"num_members", whole_value(2)},
         {"from_version", whole_value(12)},
         {"reason", text_value("columbus was silent for 3 s")}}},
       "view 3 from version 12 on: ashburn, quincy; columbus was silent for 3 s"},
      {order("columbus", ""), "the open merge to version 12 is completed without columbus"},
      {order("", "columbus"), "the open merge to version 12 is completed with what columbus had contributed before the end"},
      {order("columbus", "dublin, oslo"),
       "the open merge to version 12 is completed without columbus, but with what dublin, oslo had contributed before the end"},
      {order("", ""), ""},
      {{"samples.lost",
        {{"peer", text_value("columbus")},
         {"version", whole_value(12)},
         {"samples", text_value("40-49")},
         {"lost_tokens", whole_value(5120)}}},
       "5.12 k tokens of columbus are in no merge (samples 40-49)"},
      {{"samples.lost",
        {{"peer", text_value("columbus")},
         {"version", whole_value(12)},
         {"samples", text_value("40-49, 60-69, 80-89, 100-109")},
         {"lost_tokens", whole_value(5120)}}},
       "5.12 k tokens of columbus are in no merge (samples 40-49 to 100-109, 4 ranges)"},
      {{"site.dies", {{"version", whole_value(7)}, {"place", text_value("all sent")}, {"arrived", text_value("")}}},
       "dies at version 7, as planned: all sent"},
      {{"site.leaving", {{"reason", text_value("Ctrl-C")}}}, "leaves the run: Ctrl-C"},
      {{"site.left", {{"peer", text_value("columbus")}, {"reason", text_value("Ctrl-C")}}},
       "columbus has left the run: Ctrl-C"},
      {{"site.fenced", {{"view", whole_value(3)}, {"version", whole_value(12)}, {"lost_tokens", whole_value(5120)}}},
       "was taken out of the members while it lived (view 3) and gives up the 5.12 k tokens that it trained on meanwhile"},
      {{"site.fenced", {{"view", whole_value(3)}, {"version", whole_value(12)}, {"lost_tokens", whole_value(0)}}},
       "was taken out of the members while it lived (view 3)"},
      {{"join.began", {{"donor", text_value("quincy")}, {"version", whole_value(12)}, {"restart", whole_value(0)}}},
       "fetches version 12 from quincy"},
      {{"join.finished",
        {{"donor", text_value("quincy")},
         {"version", whole_value(12)},
         {"step", whole_value(70)},
         {"bytes", whole_value(800000)},
         {"seconds", 2.0}}},
       "holds version 12: 800 kB from quincy in 2.00 s"},
  };
  for (const auto& [event, words] : cases) {
    EXPECT_EQ(fault_of(event), "");
    EXPECT_EQ(words_of(event), words);
  }
}

Event link(const std::string& state, const std::string& relay, const std::string& message) {
  return {"link.changed",
          {{"peer", text_value("columbus")},
           {"state", text_value(state)},
           {"relay", text_value(relay)},
           {"message", text_value(message)}}};
}

TEST(EventWords, OfLinks) {
  const std::string why = "silent for 3 s";
  const std::vector<std::pair<Event, const char*>> cases = {
      {{"start.waiting",
        {{"listening", text_value("127.0.0.1:4400")}, {"message", text_value("site b: it has not connected")}}},
       "listens on 127.0.0.1:4400 and waits: site b: it has not connected"},
      {link("relayed", "quincy", why), "reaches columbus over quincy: silent for 3 s"},
      {link("cut", "", why), "has no way to columbus: silent for 3 s"},
      {link("direct", "", ""), "reaches columbus directly again"},
      {{"store.away", {{"peer", text_value("ashburn")}, {"seconds", 1.0}, {"message", text_value(why)}}},
       "cannot reach the store at ashburn: silent for 3 s"},
      {{"store.back", {{"peer", text_value("ashburn")}, {"seconds", 60.0}}}, "reaches the store at ashburn again, after 1 min"},
  };
  for (const auto& [event, words] : cases) {
    EXPECT_EQ(fault_of(event), "");
    EXPECT_EQ(words_of(event), words);
  }
}

TEST(EventWords, ACutLinkIsBadAndOtherWaysAreNotable) {
  EXPECT_EQ(weight_of(link("cut", "", "")), Weight::bad);
  EXPECT_EQ(weight_of(link("relayed", "quincy", "")), Weight::notable);
  EXPECT_EQ(weight_of(link("direct", "", "")), Weight::notable);
  EXPECT_EQ(weight_of({"samples.lost", {}}), Weight::bad);
  EXPECT_EQ(weight_of({"run.started", {}}), Weight::usual);
}

TEST(EventWords, DetailsAreForTheLines) {
  const Event started = {"run.started",
                         {{"run", text_value("demo")},
                          {"trainer", text_value("GPT-2 on cpu")},
                          {"num_steps", whole_value(300)},
                          {"method", text_value("diloco")},
                          {"emulated", true}}};
  EXPECT_EQ(words_of(started), "starts");
  EXPECT_EQ(detailed_words_of(started), "starts demo: GPT-2 on cpu, 300 steps, diloco, links are emulated");
  const Event finished = {"run.finished", {{"complete", true}, {"step", whole_value(300)}, {"validation_loss", std::nan("")}}};
  EXPECT_EQ(words_of(finished), "is done at step 300");
  EXPECT_EQ(detailed_words_of(finished), "is done at step 300: 0 ns, computing 0 % waiting 0 % encoding 0 %, parameters ");
}

}  // namespace
}  // namespace intertie::status
