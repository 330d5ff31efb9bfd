// The members change while the run stops, or while the store's holder is away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/members/running_fixture.h"

namespace intertie::members {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// ---- stopping while the members change ----

TEST(StopAndChange, AStopDoesNotWaitForTheDead) {
  Running cluster(3);
  cluster.kill(2);
  cluster.perform(0, cluster.member(0).request_stop("test"));
  EXPECT_THAT(cluster.all<StopAgreed>(0), IsEmpty());
  EXPECT_FALSE(cluster.member(0).may_open(Version{6}));
  cluster.beat();
  EXPECT_FALSE(cluster.all<StopAgreed>(0).empty());
  EXPECT_TRUE(cluster.member(0).may_open(Version{6}));
  EXPECT_EQ(cluster.last_view(1).stop_at, Version{6});
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U);
}

TEST(StopAndChange, AStopOrderedDuringAFlushGoesWithIt) {
  Running cluster(3);
  cluster.kill(2);
  cluster.sites[1].reports = false;
  cluster.beat();
  cluster.perform(1, cluster.member(1).request_stop("during the change"));
  EXPECT_EQ(cluster.all<StopAt>(0).at(0).version, Version{6});
  cluster.perform(1, cluster.member(1).report({.number = ViewNumber{2}, .applied = Version{4}, .ends = false, .merges = {}}));
  EXPECT_EQ(cluster.last_view(1).stop_at, Version{6});
  EXPECT_TRUE(cluster.member(0).may_open(Version{6}));
}

TEST(StopAndChange, ASiteThatComesHearsOfAStop) {
  Running cluster(3);
  cluster.come_back(2);
  cluster.beat();
  cluster.say_ready(2);
  cluster.perform(0, cluster.member(0).request_stop("test"));
  EXPECT_THAT(cluster.all<StopAt>(2), IsEmpty());
  cluster.catch_up(2);
  ASSERT_EQ(cluster.all<StopAt>(2).size(), 1U);
  EXPECT_EQ(cluster.all<StopAt>(2)[0].version, cluster.all<StopAt>(1).at(0).version);
  EXPECT_TRUE(cluster.member(2).stops_at(cluster.all<StopAt>(2)[0].version));
}

// Some have heard of the order, and some have not.
TEST(StopAndChange, AStopThatWasOrderedOutlivesTheHoldersDeath) {
  Running cluster(3);
  cluster.hold_messages = true;
  cluster.perform(0, cluster.member(0).request_stop("test"));
  ASSERT_TRUE(cluster.stored->stop);
  EXPECT_THAT(std::get<StopAt>(cluster.sites[0].done.back()).reason, HasSubstr("test"));
  cluster.deliver_one();
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U);
  cluster.come_back(0);
  cluster.hold_messages = false;
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.beat();
  EXPECT_EQ(cluster.last_view(2).stop_at, Version{6});
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U) << "it knows";
  ASSERT_EQ(cluster.all<StopAt>(2).size(), 1U);
  EXPECT_EQ(cluster.all<StopAt>(2)[0].version, Version{6});
  const std::size_t before = cluster.all<StopAt>(0).size();
  cluster.say_ready(0);
  cluster.beat();
  cluster.catch_up(0);
  EXPECT_EQ(cluster.all<StopAt>(0).size(), before + 1) << "the new start of the holder stops with them";
  EXPECT_TRUE(cluster.member(0).stops_at(Version{6}));
}

// The holder that came back had taken the order from its store, before the last member of that run was gone.
TEST(StopAndChange, ARunThatBeginsAnewForgetsTheStopOfTheOneBefore) {
  Running cluster(3);
  cluster.perform(0, cluster.member(0).request_stop("test"));
  cluster.come_back(0);
  cluster.kill(2);
  cluster.sites[1].said_view = ViewNumber{1};
  cluster.sites[1].reports = false;
  cluster.beat(std::chrono::seconds(1));
  cluster.beat(std::chrono::seconds(3));
  for (const std::uint16_t site : {1, 2}) cluster.come_back(site);
  cluster.beat();
  cluster.all_ready();
  for (int beats = 0; beats < 20; ++beats) cluster.beat();
  ASSERT_GT(cluster.last_view(2).number, ViewNumber{1});
  ASSERT_TRUE(cluster.last_view(2).starts);
  cluster.kill(2);
  cluster.sites[1].reports = true;
  for (const std::uint16_t site : {0, 1}) cluster.sites[site].report.applied = Version{1};
  cluster.beat();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({0, 1}));
  EXPECT_EQ(cluster.last_view(1).stop_at, Version{});
}

// What the holder sends to a member reaches the start that is there by then.
TEST(StopAndChange, WhatWasMeantForTheStartBeforeDoesNotConcernTheNextOne) {
  Running cluster(3);
  cluster.come_back(2);
  for (const wire::Message& message : std::initializer_list<wire::Message>{
           wire::StopOrder{Version{6}, "test"}, wire::FlushRequest{ViewNumber{2}}, wire::CheckpointComplete{Version{4}, {}},
           wire::Donate{{SiteId{1}, Incarnation{11}}}, cluster.last_view(1)}) {
    EXPECT_TRUE(cluster.member(2).receive(SiteId{0}, Incarnation{10}, message).empty()) << wire::name_of(message);
  }
}

TEST(StopAndChange, TheReportOfAnotherStartDoesNotCount) {
  Running cluster(3);
  cluster.sites[1].reports = false;
  cluster.kill(2);
  cluster.beat();
  const wire::FlushReport report{.number = ViewNumber{2}, .applied = Version{4}, .ends = false, .merges = {}};
  cluster.perform(0, cluster.member(0).receive(SiteId{1}, Incarnation{12}, report));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{1});
  cluster.perform(0, cluster.member(0).receive(SiteId{1}, Incarnation{11}, report));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{2});
}

// ---- the store's holder goes and comes back ----

TEST(HolderAway, AHolderThatComesBackDecidesForTheOthersAndThenJoinsThem) {
  Running cluster(3);
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.sites[1].report.applied = Version{8};
  cluster.sites[2].report.applied = Version{8};
  cluster.say_ready(0);
  EXPECT_THAT(cluster.failure(0), HasSubstr("none"));
  cluster.beat();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({1, 2}));
  EXPECT_EQ(cluster.last_view(1).from_version, Version{10});
  EXPECT_EQ(cluster.last_view(1).reason.text(), "site0 came back as a new start");
  EXPECT_EQ(fenced_at(cluster, 2), (std::vector{wire::MemberRecord{SiteId{0}, Incarnation{10}}}));
  EXPECT_EQ(cluster.stored->members.size(), 2U);
  EXPECT_EQ(cluster.stored->incarnation, Incarnation{2});
  EXPECT_FALSE(cluster.member(0).is_member());
  cluster.beat();
  ASSERT_EQ(cluster.all<GiveState>(1).size(), 1U);
  EXPECT_EQ(cluster.all<GiveState>(1)[0].to, (wire::MemberRecord{SiteId{0}, Incarnation{110}}));
  const std::size_t before = cluster.all<EnterView>(0).size();
  cluster.catch_up(0);
  EXPECT_EQ(cluster.members_at(2), sites_numbered({0, 1, 2}));
  EXPECT_EQ(cluster.all<EnterView>(0).size(), before + 1);
  EXPECT_TRUE(cluster.member(0).is_member());
  cluster.beat();
  EXPECT_EQ(cluster.last_view(2).number, ViewNumber{3});
}

// The only one who made the newest checkpoint, as far as it knows, could begin anew at once.
// The store of a run of sites that only the first has a checkpoint of.
StoreState store_of(std::uint16_t num_sites) {
  StoreState store{.run = "test",
                   .incarnation = Incarnation{1},
                   .view = ViewNumber{6},
                   .restart = Restart{1},
                   .members = {{SiteId{0}, Incarnation{9}}},
                   .checkpoints = {{Version{4}, Restart{1}, {Hash64{1}}, true}},
                   .stop = {}};
  store.checkpoints[0].manifests.resize(num_sites);
  for (std::uint16_t i = 1; i < num_sites; ++i) store.members.push_back({SiteId{i}, Incarnation{10U + i}});
  return store;
}

TEST(HolderAway, AHolderThatComesBackWaitsAnewForWhoItHasSeen) {
  Cluster cluster(3, store_of(3));
  cluster.sites[0].ready = {.layout = {}, .checkpoints = {{Version{4}, Restart{1}, Hash64{1}}}, .resume = true};
  cluster.beat();
  cluster.say_ready(0);
  for (int beats = 0; beats < 10; ++beats) cluster.beat();
  cluster.sites[1].said_view = ViewNumber{6};
  cluster.beat();
  cluster.sites[1].dead = true;
  for (int beats = 0; beats < 8; ++beats) cluster.beat();
  EXPECT_THAT(cluster.all<EnterView>(0), IsEmpty()) << "it may come back, with what the run has";
  for (int beats = 0; beats < 10; ++beats) cluster.beat();
  EXPECT_EQ(cluster.all<EnterView>(0).size(), 1U);
}

TEST(HolderAway, AHolderThatComesBackWaitsAgainForMembersThatFallSilentInItsFlush) {
  Cluster cluster(2, store_of(2));
  cluster.sites[0].ready = {.layout = {}, .checkpoints = {{Version{4}, Restart{1}, Hash64{1}}}, .resume = true};
  cluster.beat();
  cluster.say_ready(0);
  for (int beats = 0; beats < 12; ++beats) cluster.beat();
  cluster.sites[1].said_view = ViewNumber{6};
  cluster.sites[1].reports = false;
  cluster.beat();
  cluster.sites[1].dead = true;
  for (int beats = 0; beats < 8; ++beats) cluster.beat();
  EXPECT_THAT(cluster.all<EnterView>(0), IsEmpty());
}

TEST(HolderAway, ARunThatBeginsAnewHasNoStopOrderOfTheOneBefore) {
  StoreState store = store_of(2);
  store.stop = wire::StopOrder{Version{9}, "operator"};
  Cluster cluster(2, store);
  cluster.sites[0].ready = {.layout = {}, .checkpoints = {{Version{4}, Restart{1}, Hash64{1}}}, .resume = true};
  cluster.beat();
  cluster.say_ready(0);
  for (int beats = 0; beats < 20; ++beats) cluster.beat();
  ASSERT_EQ(cluster.all<EnterView>(0).size(), 1U);
  EXPECT_FALSE(cluster.stored->stop) << "on its disk, from which it would come back";
}

TEST(HolderAway, AHolderThatComesBackDoesNotBeginAnewBeforeOthersHadTimeToConnect) {
  const StoreState store{.run = "test",
                         .incarnation = Incarnation{1},
                         .view = ViewNumber{6},
                         .restart = Restart{1},
                         .members = {{SiteId{0}, Incarnation{9}}, {SiteId{1}, Incarnation{11}}},
                         .checkpoints = {{Version{4}, Restart{1}, {Hash64{1}, std::nullopt}, true}},
                         .stop = {}};
  for (const bool others_go_on : {true, false}) {
    Cluster cluster(2, store);
    wire::View last;
    last.number = store.view;
    last.restart = store.restart;
    last.members = store.members;
    last.from_version = Version{1};
    cluster.perform(1, cluster.member(1).receive(SiteId{0}, Incarnation{9}, last));
    cluster.sites[0].ready = {.layout = {}, .checkpoints = {{Version{4}, Restart{1}, Hash64{1}}}, .resume = true};
    cluster.beat();
    cluster.say_ready(0);
    for (int beats = 0; beats < 10; ++beats) cluster.beat();
    EXPECT_THAT(cluster.all<EnterView>(0), IsEmpty());
    if (others_go_on) cluster.sites[1].said_view = ViewNumber{6};
    for (int beats = 0; beats < 10; ++beats) cluster.beat();
    if (others_go_on) {
      EXPECT_THAT(cluster.all<EnterView>(0), IsEmpty()) << "it fetches the state";
      EXPECT_EQ(cluster.stored->members, (std::vector{wire::MemberRecord{SiteId{1}, Incarnation{11}}}));
    } else {
      ASSERT_EQ(cluster.all<EnterView>(0).size(), 1U);
      EXPECT_EQ(cluster.last_view(0).checkpoint.version, Version{4});
    }
  }
}

TEST(HolderAway, AHolderThatComesBackWaitsOnceForThoseWhoAreMissing) {
  Running cluster(4);
  cluster.come_back(0);
  cluster.kill(3);
  cluster.sites[1].said_view = ViewNumber{1};
  cluster.beat();
  cluster.say_ready(0);
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{1});
  cluster.sites[2].said_view = ViewNumber{1};
  cluster.beat(std::chrono::seconds(1));
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{1}) << "site 3 may still come";
  cluster.beat(std::chrono::seconds(2));
  EXPECT_EQ(cluster.members_at(1), sites_numbered({1, 2}));
  EXPECT_THAT(cluster.last_view(1).reason.text(), HasSubstr("site3 did not come back"));
}

// They die before it has decided for them, and come back as new starts.
TEST(HolderAway, AHolderThatComesBackBeginsAnewWhereTheMembersItFoundAreGone) {
  Running cluster(3);
  cluster.come_back(0);
  cluster.kill(2);
  cluster.sites[1].said_view = ViewNumber{1};
  cluster.beat();
  for (const std::uint16_t site : {1, 2}) cluster.come_back(site);
  cluster.beat();
  cluster.all_ready();
  for (int beats = 0; beats < 20; ++beats) cluster.beat();
  EXPECT_GT(cluster.last_view(1).number, ViewNumber{1});
  EXPECT_TRUE(cluster.last_view(1).starts);
}

TEST(HolderAway, AHolderWithAnOldCopyOfItsStoreDoesNotDecide) {
  Running cluster(3);
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{7};
  cluster.beat();
  EXPECT_THAT(cluster.failure(0),
              testing::AllOf(HasSubstr("members are in view 7, the store (store.json) knows only 1"), HasSubstr("old copy")));
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{1});
}

TEST(StopAndChange, AStopAtAHolderThatIsNoMemberYetComesOnceItIs) {
  Running cluster(3);
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.say_ready(0);
  cluster.beat();
  cluster.perform(1, cluster.member(1).request_stop("test"));
  EXPECT_THAT(cluster.all<StopAt>(1), IsEmpty());
  cluster.catch_up(0);
  ASSERT_EQ(cluster.all<StopAt>(1).size(), 1U);
  EXPECT_GE(cluster.all<StopAt>(1)[0].version, cluster.last_view(1).from_version);
  EXPECT_EQ(cluster.all<StopAt>(0).size(), 1U);
  EXPECT_TRUE(cluster.member(0).may_open(cluster.all<StopAt>(0)[0].version));
}

TEST(HolderAway, TheHolderIsNeededWhileAMemberThatHasNotLeftIsThere) {
  Running cluster(3);
  EXPECT_TRUE(cluster.member(0).is_needed({}));
  EXPECT_TRUE(cluster.member(0).is_needed({SiteId{1}}));
  EXPECT_FALSE(cluster.member(0).is_needed({SiteId{1}, SiteId{2}}));
  EXPECT_FALSE(cluster.member(1).is_needed({}));
  cluster.kill(2);
  EXPECT_FALSE(cluster.member(0).is_needed({SiteId{1}}));
}

// ---- checkpoints while the members change ----

void write_checkpoint(Cluster& cluster, std::uint16_t site, std::uint64_t version) {
  cluster.perform(site, cluster.member(site).wrote_checkpoint({Version{version}, Restart{0}, Hash64{version * 10 + site}}));
}

TEST(HolderAway, ACheckpointIsCompleteWhenTheOneThatMissedItIsGone) {
  Running cluster(4);
  for (const std::uint16_t site : {0, 1, 3}) write_checkpoint(cluster, site, 5);
  EXPECT_THAT(cluster.all<CheckpointIsComplete>(0), IsEmpty());
  cluster.kill(2);
  cluster.beat();
  for (const std::uint16_t site : {0, 1, 3}) {
    ASSERT_EQ(cluster.all<CheckpointIsComplete>(site).size(), 1U) << "site " << site;
    EXPECT_EQ(cluster.all<CheckpointIsComplete>(site)[0].version, Version{5});
  }
  ASSERT_EQ(cluster.stored->checkpoints.size(), 1U);
  EXPECT_TRUE(cluster.stored->checkpoints[0].complete);
  EXPECT_EQ(cluster.stored->checkpoints[0].writers(), sites_numbered({0, 1, 3}));
}

TEST(HolderAway, ASiteThatCameLaterIsNotWaitedForInACheckpointOfBefore) {
  Running cluster(3);
  cluster.come_back(2);
  cluster.beat();
  write_checkpoint(cluster, 0, 5);
  cluster.say_ready(2);
  cluster.catch_up(2);
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1, 2}));
  write_checkpoint(cluster, 1, 5);
  EXPECT_EQ(cluster.all<CheckpointIsComplete>(0).size(), 1U) << "version 5 was made while it was away";
  // One of after it came needs its part.
  const Version later = cluster.last_view(0).from_version;
  for (std::uint16_t site = 0; site < 3; ++site) cluster.member(site).opened(later);
  write_checkpoint(cluster, 0, later.value);
  write_checkpoint(cluster, 1, later.value);
  EXPECT_EQ(cluster.all<CheckpointIsComplete>(0).size(), 1U);
  write_checkpoint(cluster, 2, later.value);
  EXPECT_EQ(cluster.all<CheckpointIsComplete>(0).size(), 2U);
}

TEST(HolderAway, MembersTellAHolderThatComesBackWhatTheyWroteMeanwhile) {
  Running cluster(3);
  for (std::uint16_t site = 0; site < 3; ++site) write_checkpoint(cluster, site, 4);
  cluster.kill(0);
  for (const std::uint16_t site : {1, 2}) write_checkpoint(cluster, site, 5);
  cluster.sites[0].dead = false;
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.say_ready(0);
  cluster.beat();
  ASSERT_EQ(cluster.stored->checkpoints.size(), 2U);
  EXPECT_EQ(cluster.stored->checkpoints[1].version, Version{5});
  EXPECT_TRUE(cluster.stored->checkpoints[1].complete);
  EXPECT_EQ(cluster.stored->checkpoints[1].writers(), sites_numbered({1, 2}));
  EXPECT_EQ(cluster.all<CheckpointIsComplete>(1).back().version, Version{5});
}

// ---- the records of checkpoints ----

TEST(CheckpointRecords, OneSiteCannotKeepCheckpointsFromBecomingComplete) {
  Running run(3);
  for (std::uint16_t i = 0; i < 3; ++i) run.member(i).opened(Version{100});
  const Restart restart = run.last_view(0).restart;
  for (std::uint64_t version = 1; version <= 64; ++version) {
    run.perform(0, run.member(0).receive(SiteId{1}, run.sites[1].incarnation,
                                         wire::CheckpointWritten{{Version{version}, restart, Hash64{version}}}));
  }
  for (std::uint16_t i = 0; i < 3; ++i)
    run.perform(i, run.member(i).wrote_checkpoint({Version{100}, restart, Hash64{1000U + i}}));
  EXPECT_FALSE(run.all<CheckpointIsComplete>(0).empty()) << "the run waits for it for ever";
}

TEST(CheckpointRecords, ThePartOfAStartThatIsGoneDoesNotCountForTheNextOne) {
  Running run(4);
  const Restart restart = run.last_view(0).restart;
  run.perform(1, run.member(1).wrote_checkpoint({Version{5}, restart, Hash64{111}}));
  run.sites[3].reports = false;
  run.come_back(1);
  run.beat();  // a flush begins; site 3 does not answer
  run.say_ready(1);
  run.catch_up(1);
  run.kill(3);
  run.beat();
  run.beat();
  ASSERT_EQ(run.members_at(0), sites_numbered({0, 1, 2}));
  ASSERT_EQ(run.last_view(0).survivors, sites_numbered({0, 2}));
  run.perform(0, run.member(0).wrote_checkpoint({Version{5}, restart, Hash64{110}}));
  run.perform(2, run.member(2).wrote_checkpoint({Version{5}, restart, Hash64{112}}));
  ASSERT_FALSE(run.all<CheckpointIsComplete>(0).empty());
  ASSERT_TRUE(run.stored);
  const auto& record = run.stored->checkpoints.back();
  EXPECT_TRUE(record.complete);
  EXPECT_FALSE(record.manifests[1]) << "the part of a start that had no say any more";
}

TEST(CheckpointRecords, ACheckpointIsNotWaitedForFromASiteThatCameLater) {
  Running run(4);
  const Restart restart = run.last_view(0).restart;
  run.sites[3].reports = false;
  run.come_back(1);
  run.beat();
  run.say_ready(1);
  run.catch_up(1);
  run.kill(3);
  run.beat();
  run.beat();
  ASSERT_EQ(run.members_at(0), sites_numbered({0, 1, 2}));
  run.perform(0, run.member(0).wrote_checkpoint({Version{5}, restart, Hash64{110}}));
  run.perform(2, run.member(2).wrote_checkpoint({Version{5}, restart, Hash64{112}}));
  EXPECT_FALSE(run.all<CheckpointIsComplete>(0).empty()) << "site 1's new start never writes version 5";
}

}  // namespace
}  // namespace intertie::members
