#include "intertie/status/live_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/status/live_records_fixture.h"

namespace intertie::status {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LiveModelTest : public ::testing::Test {
 protected:
  const LiveRun& run() const { return model_.run(); }
  LiveState state(std::size_t site) const { return run().sites[site].state; }
  std::vector<std::string> said() const {
    std::vector<std::string> lines;
    for (const LiveEvent& event : run().events) lines.push_back((event.site.empty() ? "" : event.site + " ") + event.words);
    return lines;
  }
  void all_are_members() {
    for (const char* site : {"ashburn", "columbus", "quincy"}) model_.take(started_record(site));
    for (const char* site : {"ashburn", "columbus", "quincy"}) model_.take(view_record(site, 1, "ashburn,columbus,quincy"));
  }
  LiveModel model_{{"ashburn", "columbus", "quincy"}};
};

TEST_F(LiveModelTest, FiguresComeFromProgressAndMerges) {
  model_.take(started_record("ashburn"));
  EXPECT_EQ(run().name, "three-states");
  EXPECT_TRUE(run().emulated);
  EXPECT_EQ(run().num_steps, 300);
  EXPECT_EQ(state(0), LiveState::starting);
  model_.take(progress_record("ashburn", 150, 7));
  model_.take(committed_record("ashburn", 16));
  model_.take(progress_record("quincy", 120, 8));
  EXPECT_EQ(run().step, 160) << "of the site that is ahead";
  EXPECT_EQ(run().version, 16);
  EXPECT_EQ(run().tokens, 150 * 384);
  EXPECT_EQ(run().sites[0].loss, 2.5);
  EXPECT_EQ(run().sites[0].waiting, 0.2);
  EXPECT_EQ(run().eta_at, std::chrono::seconds(8));
  EXPECT_TRUE(std::isnan(run().sites[1].loss)) << "not heard of";
}

TEST_F(LiveModelTest, ARunThatBeginsAnewIsShownFromItsBeginning) {
  all_are_members();
  model_.take(view_record("ashburn", 2, "ashburn, quincy", "columbus is silent"));
  model_.take(progress_record("ashburn", 150, 7));
  model_.take(committed_record("ashburn", 16));
  model_.take(started_record("columbus"));
  model_.take(view_record("columbus", 3, "ashburn, columbus, quincy", "columbus has come"));
  EXPECT_EQ(run().step, 160) << "one site that comes back is no new run";
  all_are_members();
  EXPECT_EQ(run().view, 1);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(state(i), LiveState::member);
  EXPECT_EQ(run().step, 0);
  EXPECT_EQ(run().version, 0);
  EXPECT_EQ(run().tokens, 0);
  model_.take(committed_record("quincy", 1));
  EXPECT_EQ(run().step, 10);
}

TEST_F(LiveModelTest, WhoTrainsIsAMemberWhereNobodyTellsOfViews) {
  model_.take(started_record("ashburn"));
  model_.take(committed_record("ashburn", 1));
  EXPECT_EQ(state(0), LiveState::member);
  EXPECT_EQ(state(1), LiveState::starting);
}

TEST_F(LiveModelTest, AViewMakesMembersAndTakesThemOut) {
  all_are_members();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(state(i), LiveState::member);
  model_.take(view_record("ashburn", 2, "ashburn, quincy", "columbus is silent"));
  EXPECT_EQ(state(1), LiveState::away);
  EXPECT_EQ(run().sites[1].fate, "not a member");
  model_.take(view_record("columbus", 1, "ashburn,columbus,quincy"));
  EXPECT_EQ(state(1), LiveState::away) << "an older view says nothing any more";
  model_.take(committed_record("columbus", 9));
  EXPECT_EQ(state(1), LiveState::away) << "one that does not know yet";
}

TEST_F(LiveModelTest, ASiteThatIsKilledFetchesAndComesBack) {
  all_are_members();
  model_.take(progress_record("columbus", 10));
  model_.take(measured_record("ashburn", "columbus", 94, 20));
  model_.set_running(1, false, "killed");
  EXPECT_EQ(state(1), LiveState::away);
  EXPECT_EQ(run().sites[1].fate, "killed");
  EXPECT_TRUE(std::isnan(run().sites[1].tokens_per_second)) << "nobody trains there";
  model_.take(link_record("ashburn", "columbus", "cut", "", "the other side closed the connection"));
  model_.take(measured_record("ashburn", "columbus", 94, 20));
  EXPECT_EQ(model_.link(0, 1).there.way, LiveWay::unknown) << "there is nobody to have a link with";
  model_.take(view_record("ashburn", 2, "ashburn,quincy"));
  model_.take(view_record("ashburn", 3, "ashburn,columbus,quincy"));
  EXPECT_EQ(state(1), LiveState::away) << "its process does not run, whatever a view says";
  model_.set_running(1, true, "");
  EXPECT_EQ(state(1), LiveState::starting);
  model_.take(started_record("columbus"));
  model_.take(
      live_record("columbus", "join.began", {{"donor", words("quincy")}, {"version", whole(12)}, {"restart", whole(0)}}));
  EXPECT_EQ(state(1), LiveState::fetching);
  model_.take(view_record("quincy", 4, "ashburn,columbus,quincy"));
  EXPECT_EQ(state(1), LiveState::member);
}

TEST_F(LiveModelTest, ASiteThatComesBackIsAtTheStepThatItFetched) {
  all_are_members();
  model_.take(committed_record("ashburn", 13));
  model_.take(started_record("columbus"));
  model_.take(
      live_record("columbus", "join.began", {{"donor", words("quincy")}, {"version", whole(12)}, {"restart", whole(0)}}));
  EXPECT_EQ(run().sites[1].step, 0);
  model_.take(live_record(
      "columbus", "join.finished",
      {{"donor", words("quincy")}, {"version", whole(12)}, {"step", whole(120)}, {"bytes", whole(800000)}, {"seconds", 1.0}}));
  EXPECT_EQ(run().sites[1].step, 120);
  EXPECT_EQ(run().step, 130) << "of the site that is ahead";
}

TEST_F(LiveModelTest, ASiteThatIsTakenOutOrLeavesIsAway) {
  all_are_members();
  model_.take(live_record("quincy", "site.fenced", {{"view", whole(2)}, {"version", whole(9)}, {"lost_tokens", whole(384)}}));
  EXPECT_EQ(state(2), LiveState::away);
  EXPECT_EQ(run().sites[2].fate, "fenced");
  model_.take(live_record("ashburn", "site.left", {{"peer", words("columbus")}, {"reason", words("asked")}}));
  EXPECT_EQ(state(1), LiveState::away);
  EXPECT_EQ(run().sites[1].fate, "left");
}

Record finished_record(const std::string& site, bool complete) {
  return live_record(site, "run.finished",
                     {{"step", whole(300)},
                      {"tokens", whole(115200)},
                      {"complete", complete},
                      {"left", false},
                      {"loss", 2.0},
                      {"validation_loss", std::nan("")},
                      {"seconds", 75.0},
                      {"tokens_per_second", 5000.0},
                      {"computing_share", 0.9},
                      {"waiting_share", 0.1},
                      {"encoding_share", 0.0},
                      {"bytes_sent", whole(1)},
                      {"bytes_received", whole(1)},
                      {"parameters_hash", words("00")}});
}

TEST_F(LiveModelTest, WhoHasFinishedStaysSo) {
  all_are_members();
  model_.take(finished_record("ashburn", true));
  model_.take(finished_record("quincy", false));
  model_.take(live_record("columbus", "site.left", {{"peer", words("ashburn")}, {"reason", words("done")}}));
  model_.take(view_record("columbus", 2, "columbus"));
  model_.set_running(0, false, "");
  EXPECT_EQ(state(0), LiveState::done);
  EXPECT_EQ(state(2), LiveState::stopped);
  EXPECT_EQ(run().step, 300);
}

TEST_F(LiveModelTest, WhoHasLeftIsAwayAndMayComeBack) {
  all_are_members();
  Record left = finished_record("quincy", false);
  for (auto& [name, value] : left.event.fields) {
    if (name == "left") value = true;
  }
  model_.take(left);
  model_.set_running(2, false, "left");
  EXPECT_EQ(state(2), LiveState::away);
  EXPECT_EQ(run().sites[2].fate, "left");
  model_.set_running(2, true, "");
  EXPECT_EQ(state(2), LiveState::starting);
}

TEST_F(LiveModelTest, ALinkIsAsBadAsItsWorseEndSays) {
  all_are_members();
  EXPECT_EQ(model_.link(0, 1).worse().way, LiveWay::unknown);
  model_.take(measured_record("ashburn", "columbus", 94.1, 20.5));
  model_.take(measured_record("columbus", "ashburn", std::nan(""), 0));
  EXPECT_EQ(model_.link(1, 0).worse().way, LiveWay::direct);
  EXPECT_EQ(model_.link(0, 1).there.mbit_per_second, 94.1);
  EXPECT_TRUE(std::isnan(model_.link(0, 1).back.rtt_ms)) << "0 is no round trip";
  model_.take(link_record("columbus", "ashburn", "relayed", "quincy", "silent for 0.5 s"));
  EXPECT_EQ(model_.link(0, 1).worse().way, LiveWay::relayed);
  EXPECT_EQ(model_.link(0, 1).worse().relay, "quincy");
  model_.take(measured_record("columbus", "ashburn", 0.0, 20.5));
  EXPECT_TRUE(std::isnan(model_.link(0, 1).back.mbit_per_second)) << "nothing goes the direct way";
  EXPECT_TRUE(std::isnan(model_.link(0, 1).back.rtt_ms));
  model_.take(link_record("ashburn", "columbus", "cut", "", "silent for 0.5 s"));
  EXPECT_EQ(model_.link(0, 1).worse().way, LiveWay::cut);
  for (const char* site : {"ashburn", "columbus"}) {
    model_.take(link_record(site, site == std::string("ashburn") ? "columbus" : "ashburn", "direct"));
  }
  EXPECT_EQ(model_.link(0, 1).worse().way, LiveWay::direct);
  EXPECT_EQ(model_.link(0, 2).worse().way, LiveWay::unknown);
  model_.set_cut(1, 0, true);
  EXPECT_TRUE(model_.link(0, 1).cut_on_purpose);
}

TEST_F(LiveModelTest, WhatConcernsAllIsSaidOnce) {
  all_are_members();
  EXPECT_THAT(said(), ElementsAre("view 1 from version 12 on: ashburn, columbus, quincy"));
  for (const char* site : {"ashburn", "quincy"}) {
    model_.take(live_record(site, "checkpoint.complete", {{"version", whole(20)}, {"restart", whole(0)}}));
    model_.take(live_record(site, "warning", {{"message", words("hot")}}));
    model_.take(live_record(site, "warning", {{"message", words("hot")}}));
  }
  EXPECT_THAT(said(), ElementsAre("view 1 from version 12 on: ashburn, columbus, quincy", "checkpoint 20 is complete",
                                  "ashburn warning: hot", "quincy warning: hot"));
  EXPECT_EQ(run().checkpoint, 20);
}

TEST_F(LiveModelTest, WhatHappensToASiteAgainIsSaidAgain) {
  const auto warn = [this](const char* message) {
    model_.take(live_record("quincy", "warning", {{"message", words(message)}}));
  };
  for (int i = 0; i < 2; ++i) {
    model_.take(link_record("ashburn", "columbus", "cut", "", "silent for 0.5 s"));
    warn("hot");
    model_.take(link_record("ashburn", "columbus", "direct"));
    warn("hot");
    warn("full");
  }
  EXPECT_THAT(said(), ElementsAre("ashburn has no way to columbus: silent for 0.5 s", "quincy warning: hot",
                                  "ashburn reaches columbus directly again", "quincy warning: full",
                                  "ashburn has no way to columbus: silent for 0.5 s", "quincy warning: hot",
                                  "ashburn reaches columbus directly again", "quincy warning: full"));
}

TEST_F(LiveModelTest, WhatIsShownElsewhereIsNoEvent) {
  model_.take(started_record("ashburn"));
  model_.take(progress_record("ashburn", 10));
  model_.take(committed_record("ashburn", 1));
  model_.take(
      live_record("ashburn", "evaluation",
                  {{"step", whole(10)}, {"tokens", whole(1)}, {"loss", 3.5}, {"num_batches", whole(1)}, {"seconds", 1.0}}));
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_EQ(run().validation_loss, 3.5);
}

TEST_F(LiveModelTest, OldEventsGo) {
  for (std::size_t i = 0; i < 2 * LiveModel::kMaxEvents; ++i) model_.say(std::chrono::seconds(i), "word " + std::to_string(i));
  EXPECT_EQ(run().events.size(), LiveModel::kMaxEvents);
  EXPECT_EQ(run().events.back().words, "word 399");
}

TEST_F(LiveModelTest, RecordsOfNobodyAndWithoutFieldsDoNoHarm) {
  model_.take({.event = {"progress", {}}, .site = "dublin", .wall = {}, .since_start = {}});
  for (const EventDoc& doc : event_table()) {
    model_.take({.event = {doc.name, {}}, .site = "ashburn", .wall = {}, .since_start = {}});
    model_.take({.event = {doc.name, {{"peer", words("dublin")}}}, .site = "ashburn", .wall = {}, .since_start = {}});
  }
  EXPECT_EQ(run().sites.size(), 3U);
}

}  // namespace
}  // namespace intertie::status
