#include "intertie/members/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/members/store_fixture.h"

namespace intertie::members {
namespace {

using testing::HasSubstr;

TEST(Member, AllEnterTheSameFirstViewOnceEverybodyIsReady) {
  Cluster cluster(3);
  cluster.all_ready();
  for (std::uint16_t i = 0; i < 3; ++i) {
    const auto views = cluster.all<EnterView>(i);
    ASSERT_EQ(views.size(), 1U);
    EXPECT_EQ(views[0].view.number, ViewNumber{1});
    EXPECT_EQ(views[0].view.restart, Restart{0});
    EXPECT_FALSE(views[0].view.from_checkpoint);
    ASSERT_EQ(views[0].view.members.size(), 3U);
    EXPECT_EQ(views[0].view.members[2], (wire::MemberRecord{SiteId{2}, Incarnation{12}}));
  }
}

TEST(Member, TheViewIsOnDiskBeforeAnybodyHearsOfIt) {
  Cluster cluster(2);
  Actions actions = cluster.member(0).ready({});
  EXPECT_TRUE(actions.empty());
  actions = cluster.member(0).receive(SiteId{1}, Incarnation{11}, wire::Ready{});
  ASSERT_GE(actions.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Persist>(actions[0]));
  EXPECT_TRUE(std::holds_alternative<SendTo>(actions[1]));
  EXPECT_EQ(std::get<Persist>(actions[0]).state.members.size(), 2U);
}

TEST(Member, ResumesFromTheNewestCheckpointThatIsCompleteAndEverywhere) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(20, 1, 2), record_of(30, 1, 2, false, 1)};
  Cluster cluster(2, store_with(records));
  for (const auto& record : records) offer(cluster, record);
  resume(cluster);
  cluster.all_ready();
  const wire::View view = cluster.all<EnterView>(1).at(0).view;
  EXPECT_TRUE(view.from_checkpoint);
  EXPECT_EQ(view.checkpoint.version, Version{20});
  EXPECT_EQ(view.checkpoint.restart, Restart{1});
  EXPECT_EQ(view.restart, Restart{2}) << "raised, so that frames of the earlier start are refused";
  EXPECT_EQ(view.number, ViewNumber{4});
}

TEST(Member, FallsBackToTheOlderCheckpointWhereOneSiteLostTheNewer) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(20, 1, 2)};
  Cluster cluster(2, store_with(records));
  for (const auto& record : records) offer(cluster, record);
  cluster.sites[1].ready.checkpoints.pop_back();
  resume(cluster);
  cluster.all_ready();
  EXPECT_EQ(cluster.all<EnterView>(0).at(0).view.checkpoint.version, Version{10});
}

TEST(Member, ACheckpointWithAnotherHashIsNotThatCheckpoint) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2)};
  Cluster cluster(2, store_with(records));
  offer(cluster, records[0]);
  cluster.sites[1].ready.checkpoints[0].manifest = Hash64{999};
  resume(cluster);
  cluster.all_ready();
  EXPECT_THAT(cluster.failure(0), HasSubstr("site site1 does not have its part of version 10"));
}

TEST(Member, AResumeBeforeTheFirstCheckpointStartsFromTheBeginningUnderANewRestart) {
  Cluster cluster(2, store_with({record_of(10, 1, 2, false, 1)}));
  resume(cluster);
  cluster.all_ready();
  EXPECT_FALSE(cluster.all<EnterView>(0).at(0).view.from_checkpoint);
  EXPECT_EQ(cluster.all<EnterView>(0).at(0).view.restart, Restart{2});
}

TEST(Member, AnotherModelOrOnlySomeWithResumeIsNamed) {
  Cluster models(3);
  models.sites[2].ready.layout = Hash64{5};
  models.all_ready();
  EXPECT_THAT(models.failure(0), HasSubstr("site site2 built a different model"));
  Cluster some(3);
  some.sites[1].ready.resume = true;
  some.all_ready();
  EXPECT_THAT(some.failure(0), HasSubstr("site site1 was started with --resume, site site0 without"));
}

TEST(Member, AViewWithOtherIncarnationsIsNotEntered) {
  Cluster cluster(2);
  cluster.hold_messages = true;
  cluster.all_ready();
  const wire::View view{.number = ViewNumber{1},
                        .members = {{SiteId{0}, Incarnation{10}}, {SiteId{1}, Incarnation{99}}},
                        .from_version = Version{1}};
  cluster.perform(1, cluster.member(1).receive(SiteId{0}, Incarnation{10}, view));
  EXPECT_TRUE(cluster.all<Fenced>(1).empty()) << "it may still come";
  EXPECT_TRUE(cluster.all<EnterView>(1).empty());
  EXPECT_FALSE(cluster.member(1).is_member());
}

TEST(Member, OnlyTheStoresHolderDecides) {
  Cluster cluster(3);
  const wire::View view{.number = ViewNumber{1}, .members = {{SiteId{1}, Incarnation{11}}}};
  EXPECT_TRUE(cluster.member(1).receive(SiteId{2}, Incarnation{12}, view).empty());
  EXPECT_TRUE(cluster.member(1).receive(SiteId{2}, Incarnation{12}, wire::StopOrder{Version{1}, "no"}).empty());
  EXPECT_TRUE(cluster.member(1).receive(SiteId{2}, Incarnation{12}, wire::FlushRequest{ViewNumber{1}}).empty());
}

TEST(Member, AViewIsEnteredOnce) {
  Cluster cluster(2);
  cluster.all_ready();
  const wire::View view = cluster.last_view(1);
  cluster.perform(1, cluster.member(1).receive(SiteId{0}, Incarnation{10}, view));
  EXPECT_EQ(cluster.all<EnterView>(1).size(), 1U);
}

TEST(Member, AResumeNeedsOnlyThoseWhoMadeTheCheckpoint) {
  const CheckpointRecord record = record_of(20, 1, 3, true, 1);
  Cluster cluster(3, store_with({record_of(10, 1, 3), record}));
  offer(cluster, record);
  resume(cluster);
  cluster.say_ready(2);
  cluster.say_ready(0);
  const wire::View view = cluster.last_view(0);
  EXPECT_EQ(cluster.members_at(2), sites_numbered({0, 2}));
  EXPECT_EQ(view.survivors, sites_numbered({0, 2}));
  EXPECT_EQ(view.checkpoint.version, Version{20});
  EXPECT_EQ(view.from_version, Version{21});
  EXPECT_EQ(view.schedule.pieces.size(), 2U);
  // The third comes later, like any site that comes to a run that goes on.
  cluster.say_ready(1);
  ASSERT_EQ(cluster.all<GiveState>(2).size(), 1U);
  EXPECT_EQ(cluster.all<GiveState>(2)[0].to, (wire::MemberRecord{SiteId{1}, Incarnation{11}}));
}

TEST(Member, ASiteThatDidNotMakeTheCheckpointButIsThereComesToo) {
  const CheckpointRecord record = record_of(20, 1, 3, true, 1);
  Cluster cluster(3, store_with({record}));
  offer(cluster, record);
  resume(cluster);
  cluster.say_ready(1);
  cluster.say_ready(2);
  EXPECT_TRUE(cluster.all<EnterView>(2).empty());
  cluster.say_ready(0);
  EXPECT_EQ(cluster.members_at(2), sites_numbered({0, 2}));
  EXPECT_EQ(cluster.all<GiveState>(2).size(), 1U);
  EXPECT_TRUE(cluster.all<Fenced>(1).empty());
}

TEST(Member, AHolderThatDidNotMakeTheCheckpointComesLikeAnyOther) {
  const CheckpointRecord record = record_of(20, 1, 3, true, 0);
  Cluster cluster(3, store_with({record}));
  offer(cluster, record);
  resume(cluster);
  cluster.say_ready(1);
  cluster.say_ready(2);
  cluster.say_ready(0);
  EXPECT_EQ(cluster.members_at(1), sites_numbered({1, 2}));
  EXPECT_TRUE(cluster.all<Fenced>(0).empty()) << "it decided this itself";
  ASSERT_EQ(cluster.all<GiveState>(1).size(), 1U);
  EXPECT_EQ(cluster.all<GiveState>(1)[0].to.site, SiteId{0});
}

TEST(Member, AStopNamesTheFirstVersionNotOfferedToAndHoldsItUntilAllKnow) {
  Cluster cluster(3);
  cluster.all_ready();
  for (std::uint16_t i = 0; i < 3; ++i) cluster.member(i).opened(Version{7});
  cluster.hold_messages = true;
  cluster.perform(0, cluster.member(0).request_stop("test"));
  EXPECT_EQ(cluster.all<StopAt>(0).at(0).version, Version{8});
  EXPECT_TRUE(cluster.member(0).may_open(Version{7}));
  EXPECT_FALSE(cluster.member(0).may_open(Version{8})) << "the others do not know yet";
  EXPECT_TRUE(cluster.all<StopAgreed>(0).empty());
  cluster.deliver();
  EXPECT_TRUE(cluster.member(0).may_open(Version{8}));
  EXPECT_EQ(cluster.all<StopAgreed>(0).size(), 1U);
  for (std::uint16_t i = 1; i < 3; ++i) EXPECT_EQ(cluster.all<StopAt>(i).at(0).version, Version{8});
}

TEST(Member, AnySiteMayAskAndAskingTwiceStopsOnce) {
  Cluster cluster(3);
  cluster.all_ready();
  cluster.perform(2, cluster.member(2).request_stop("first"));
  cluster.perform(1, cluster.member(1).request_stop("second"));
  EXPECT_EQ(cluster.all<StopAt>(2).size(), 1U);
  EXPECT_EQ(cluster.all<StopAt>(2)[0].reason, "first");
}

TEST(Member, AStopAtTheVeryEndIsTheEnd) {
  Cluster cluster(2);
  cluster.all_ready();
  cluster.member(0).ended();
  cluster.perform(1, cluster.member(1).request_stop("late"));
  EXPECT_TRUE(cluster.all<StopAt>(0).empty());
}

TEST(Member, AStopAfterAResumeNamesAVersionAfterTheCheckpoint) {
  const CheckpointRecord newest = record_of(40, 1, 2);
  Cluster cluster(2, store_with({newest}));
  resume(cluster);
  offer(cluster, newest);
  cluster.all_ready();
  cluster.perform(1, cluster.member(1).request_stop("before its first contribution"));
  EXPECT_EQ(cluster.all<StopAt>(0).at(0).version, Version{41});
  EXPECT_TRUE(cluster.member(1).stops_at(Version{41}));
}

TEST(Member, AResumeWithoutTheStoreIsRefusedWhereThereAreCheckpoints) {
  const CheckpointRecord record = record_of(40, 1, 2);
  Cluster cluster(2);
  resume(cluster);
  offer(cluster, record);
  cluster.all_ready();
  EXPECT_THAT(cluster.failure(0), HasSubstr("store.json) is gone"));
  EXPECT_TRUE(cluster.all<EnterView>(0).empty());
}

TEST(Member, AResumeWithAnotherNumberOfSitesIsRefused) {
  const CheckpointRecord record = record_of(40, 1, 3);
  Cluster cluster(2, store_with({record}));
  resume(cluster);
  cluster.all_ready();
  EXPECT_THAT(cluster.failure(0), HasSubstr("version 40 is of a run with 3 sites, the run file has 2"));
}

TEST(Member, AStartThatDoesNotResumeForgetsWhatTheStoreRemembers) {
  Cluster cluster(2, store_with({record_of(40, 1, 2), record_of(50, 0, 2)}));
  cluster.all_ready();
  EXPECT_TRUE(cluster.all<Persist>(0).at(0).state.checkpoints.empty());
  cluster.member(0).opened(Version{50});
  cluster.perform(0, cluster.member(0).wrote_checkpoint({Version{50}, Restart{0}, Hash64{7}}));
  EXPECT_TRUE(cluster.all<CheckpointIsComplete>(0).empty()) << "one part of two";
}

TEST(Member, ACheckpointIsCompleteWhenAllPartsAreAndTheStoreSaysSoFirst) {
  Cluster cluster(2);
  cluster.all_ready();
  const auto write = [&](std::uint16_t site, std::uint64_t version) {
    cluster.member(0).opened(Version{7});
    cluster.perform(site, cluster.member(site).wrote_checkpoint({Version{version}, Restart{0}, Hash64{version * 10 + site}}));
  };
  write(0, 5);
  EXPECT_TRUE(cluster.all<CheckpointIsComplete>(0).empty());
  write(1, 5);
  ASSERT_EQ(cluster.all<CheckpointIsComplete>(0).size(), 1U);
  EXPECT_THAT(cluster.all<CheckpointIsComplete>(1).at(0).keep, testing::ElementsAre(Hash64{51}));
  write(0, 6);
  write(1, 6);
  write(1, 7);
  write(0, 7);
  EXPECT_THAT(cluster.all<CheckpointIsComplete>(1).back().keep, testing::ElementsAre(Hash64{71}, Hash64{61}));
  const auto states = cluster.all<Persist>(0);
  ASSERT_EQ(states.back().state.checkpoints.size(), 2U) << "two complete ones are kept";
  EXPECT_EQ(states.back().state.checkpoints[0].version, Version{6});
}

TEST(Member, WhoeverWritesACheckpointThatNobodyCanHaveComeToHasToGo) {
  Cluster cluster(3);
  cluster.all_ready();
  cluster.member(0).opened(Version{7});
  cluster.perform(1, cluster.member(1).wrote_checkpoint({Version{8}, Restart{0}, Hash64{1}}));
  EXPECT_EQ(cluster.members_at(2), sites_numbered({0, 2}));
  EXPECT_THAT(cluster.last_view(2).reason.text(), HasSubstr("wrote a checkpoint of version 8, which it cannot have come to"));
  EXPECT_TRUE(cluster.stored->checkpoints.empty());
}

TEST(Member, SaysWhomTheViewWaitsFor) {
  Cluster cluster(3);
  cluster.hold_messages = true;
  cluster.all_ready();
  EXPECT_THAT(cluster.member(0).waits_for(), testing::EndsWith(": site1, site2"));
  EXPECT_THAT(cluster.member(1).waits_for(), testing::HasSubstr("site0, which decides on it"));
}

TEST(Member, AfterAResumeVoidCheckpointsAreNeitherKeptNorCounted) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(12, 0, 2, false, 1)};
  Cluster cluster(2, store_with(records));
  for (const auto& record : records) offer(cluster, record);
  resume(cluster);
  cluster.all_ready();
  const Restart restart = cluster.all<EnterView>(0).at(0).view.restart;
  cluster.member(0).opened(Version{12});
  for (std::uint16_t site = 0; site < 2; ++site) {
    cluster.perform(site, cluster.member(site).wrote_checkpoint({Version{12}, restart, Hash64{500U + site}}));
  }
  EXPECT_THAT(cluster.all<CheckpointIsComplete>(0).at(0).keep, testing::ElementsAre(Hash64{500}, Hash64{100}));
  const StoreState stored = cluster.all<Persist>(0).back().state;
  EXPECT_EQ(stored.checkpoints.size(), 2U);
  for (const CheckpointRecord& record : stored.checkpoints) EXPECT_TRUE(record.complete);
}

}  // namespace
}  // namespace intertie::members
