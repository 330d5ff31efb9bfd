#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/members/running_fixture.h"

namespace intertie::members {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(MemberChanges, ABeatChangesNothingWhileAllAreHeard) {
  Running cluster(4);
  cluster.cut(1, 2);
  cluster.beat();
  EXPECT_EQ(cluster.last_view(3).number, ViewNumber{1});
  EXPECT_THAT(cluster.all<ReportFor>(1), IsEmpty());
}

TEST(MemberChanges, TheOthersGoOnWithoutADeadSite) {
  Running cluster(4);
  cluster.sites[3].report.applied = Version{5};
  cluster.kill(2);
  cluster.beat();
  for (const std::uint16_t site : {0, 1, 3}) {
    const wire::View view = cluster.last_view(site);
    EXPECT_EQ(view.number, ViewNumber{2});
    EXPECT_EQ(cluster.members_at(site), sites_numbered({0, 1, 3}));
    EXPECT_EQ(view.survivors, sites_numbered({0, 1, 3}));
    EXPECT_EQ(view.from_version, Version{7}) << "one has applied 5 and so may have opened 6";
    EXPECT_EQ(view.reason.text(), "nothing was heard of site2");
    EXPECT_EQ(view.schedule.pieces.size(), 3U) << "a new schedule";
    EXPECT_FALSE(view.starts);
    ASSERT_THAT(fenced_at(cluster, site), ElementsAre(wire::MemberRecord{SiteId{2}, Incarnation{12}}));
    EXPECT_EQ(cluster.all<Fence>(site)[0].reason, "no member any more since view 2: nothing was heard of site2");
    EXPECT_EQ(cluster.member(site).has(SiteId{2}), false);
  }
  EXPECT_EQ(cluster.stored->view, ViewNumber{2});
  EXPECT_EQ(cluster.stored->members.size(), 3U);
  cluster.beat();
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{2}) << "once";
}

TEST(MemberChanges, TheNewViewIsOnDiskBeforeAnybodyHearsOfIt) {
  Running cluster(3);
  cluster.kill(2);
  cluster.hold_messages = true;
  cluster.beat();
  ASSERT_EQ(cluster.in_flight.size(), 1U);
  const Actions reported =
      cluster.member(1).report({.number = ViewNumber{2}, .applied = Version{4}, .ends = false, .merges = {}});
  const auto& report = std::get<SendTo>(reported.at(0)).message;
  const Actions actions = cluster.member(0).receive(SiteId{1}, Incarnation{11}, report);
  ASSERT_GE(actions.size(), 3U);
  ASSERT_TRUE(std::holds_alternative<Persist>(actions[0]));
  EXPECT_EQ(std::get<Persist>(actions[0]).state.view, ViewNumber{2});
  EXPECT_TRUE(std::holds_alternative<SendTo>(actions[1]));
}

TEST(MemberChanges, TheViewSaysHowOpenMergesAreCompleted) {
  Running cluster(3);
  const wire::OpenMerge open{.merge = {FragmentId{0}, Version{5}},
                             .num_chunks = 2,
                             .members = cluster.last_view(0).members,
                             .set = cluster.last_view(0).members,
                             .results = wire::ChunkSet(2),
                             .contributions = std::vector<wire::ChunkSet>(3, wire::ChunkSet(2))};
  for (Cluster::Site& site : cluster.sites) site.report.merges = {open};
  cluster.kill(1);
  cluster.beat();
  const wire::View view = cluster.last_view(2);
  ASSERT_EQ(view.orders.size(), 1U);
  EXPECT_EQ(view.orders[0].kind, wire::OrderKind::resum);
  EXPECT_EQ(view.orders[0].survivors, sites_numbered({0, 2}));
  EXPECT_EQ(view.from_version, Version{6});
}

TEST(MemberChanges, ASecondDeathStartsTheFlushAgain) {
  Running cluster(4);
  cluster.kill(2);
  cluster.hold_messages = true;
  cluster.beat();
  cluster.deliver_one();  // site 1 reports
  cluster.kill(3);
  cluster.beat();
  cluster.deliver();
  EXPECT_EQ(cluster.all<ReportFor>(1).size(), 2U);
  for (const std::uint16_t site : {0, 1}) {
    EXPECT_EQ(cluster.last_view(site).number, ViewNumber{3});
    EXPECT_EQ(cluster.members_at(site), sites_numbered({0, 1}));
    EXPECT_THAT(cluster.last_view(site).reason.text(),
                testing::AllOf(HasSubstr("nothing was heard of site2"), HasSubstr("nothing was heard of site3")));
    EXPECT_EQ(cluster.all<EnterView>(site).size(), 2U) << "the view of the first flush never was";
    EXPECT_EQ(fenced_at(cluster, site).size(), 2U);
  }
}

TEST(MemberChanges, ASiteThatHadReportedAlreadyAndDiesStartsItAgainToo) {
  Running cluster(4);
  cluster.kill(2);
  cluster.sites[3].reports = false;
  cluster.beat();
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{1}) << "site 3 has not reported";
  cluster.kill(1);
  cluster.sites[3].reports = true;
  cluster.beat();
  EXPECT_EQ(cluster.members_at(3), sites_numbered({0, 3}));
  EXPECT_EQ(cluster.last_view(3).survivors, sites_numbered({0, 3}));
}

TEST(MemberChanges, ALateReportOfAnEarlierFlushDoesNotCount) {
  Running cluster(4);
  cluster.kill(2);
  cluster.sites[1].reports = false;
  cluster.beat();
  cluster.kill(3);
  cluster.beat();
  cluster.perform(1, cluster.member(1).report({.number = ViewNumber{2}, .applied = Version{4}, .ends = false, .merges = {}}));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{1});
  cluster.perform(1, cluster.member(1).report({.number = ViewNumber{3}, .applied = Version{4}, .ends = false, .merges = {}}));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{3});
}

TEST(MemberChanges, AMemberThatIsTooFarBehindIsFenced) {
  Running cluster(3);
  cluster.sites[0].report.applied = Version{9};
  cluster.sites[1].report.applied = Version{9};
  cluster.sites[2].report.applied = Version{5};
  cluster.perform(1, cluster.member(1).complain(SiteId{2}, Incarnation{99}, "of another start"));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{1}) << "nobody has to go for what another start did";
  Running four(4);
  for (const std::uint16_t site : {0, 1}) four.sites[site].report.applied = Version{9};
  four.member(0).opened(Version{10});
  four.sites[2].report.applied = Version{5};
  four.kill(3);
  four.beat();
  EXPECT_EQ(four.members_at(1), sites_numbered({0, 1}));
  ASSERT_EQ(four.all<Fenced>(2).size(), 1U) << "it is told";
  EXPECT_THAT(four.last_view(1).reason.text(), HasSubstr("site2 is too far behind"));
}

TEST(MemberChanges, WhoeverSaysFarewellOrTalksNonsenseIsGoneAtOnce) {
  Running cluster(4);
  cluster.perform(0, cluster.member(0).departed(SiteId{3}, Incarnation{13}, "its disk is full"));
  EXPECT_EQ(cluster.members_at(1), sites_numbered({0, 1, 2}));
  EXPECT_EQ(cluster.last_view(1).reason.text(), "site3 ended: its disk is full");
  cluster.perform(1, cluster.member(1).complain(SiteId{2}, Incarnation{12}, "sent a chunk of another size"));
  EXPECT_EQ(cluster.members_at(1), sites_numbered({0, 1}));
  EXPECT_EQ(cluster.last_view(1).reason.text(), "site2 sent a chunk of another size");
  cluster.perform(1, cluster.member(1).complain(SiteId{0}, Incarnation{10}, "sent nonsense"));
  EXPECT_THAT(cluster.failure(1), HasSubstr("sent nonsense")) << "without the store's holder there is nobody to go on with";
  cluster.perform(0, cluster.member(0).departed(SiteId{3}, Incarnation{13}, "again"));
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{3}) << "it is no member any more";
}

// ---- sites that come ----

TEST(MemberChanges, ANewStartGetsTheStateFromTheMemberAfterItAndComesBack) {
  Running cluster(4);
  cluster.come_back(2);
  cluster.beat();
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1, 3}));
  EXPECT_EQ(cluster.last_view(0).reason.text(), "site2 came back as a new start");
  cluster.say_ready(2);
  ASSERT_EQ(cluster.all<GiveState>(3).size(), 1U);
  EXPECT_EQ(cluster.all<GiveState>(3)[0].to, (wire::MemberRecord{SiteId{2}, Incarnation{112}}));
  EXPECT_THAT(cluster.all<GiveState>(0), IsEmpty());
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{2}) << "not yet";
  cluster.catch_up(2);
  for (std::uint16_t site = 0; site < 4; ++site) {
    EXPECT_EQ(cluster.last_view(site).number, ViewNumber{3});
    EXPECT_EQ(cluster.members_at(site), sites_numbered({0, 1, 2, 3}));
    EXPECT_EQ(cluster.last_view(site).members[2].incarnation, Incarnation{112});
    EXPECT_EQ(cluster.last_view(site).survivors, sites_numbered({0, 1, 3})) << "it completes nothing of before";
  }
  EXPECT_EQ(cluster.last_view(2).reason.text(), "site2 has come");
  EXPECT_TRUE(cluster.member(2).is_member());
  cluster.beat();
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{3});
}

TEST(MemberChanges, AStartThatIsReadyBeforeItsDeathIsNoticedComesToo) {
  Running cluster(3);
  cluster.come_back(1);
  cluster.say_ready(1);
  cluster.beat();
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 2}));
  EXPECT_EQ(cluster.all<GiveState>(2).size(), 1U);
  cluster.catch_up(1);
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1, 2}));
}

TEST(MemberChanges, WhereTheDonorGoesAnotherIsAsked) {
  Running cluster(4);
  cluster.come_back(1);
  cluster.beat();
  cluster.say_ready(1);
  ASSERT_EQ(cluster.all<GiveState>(2).size(), 1U);
  cluster.kill(2);
  cluster.beat();
  ASSERT_EQ(cluster.all<GiveState>(3).size(), 1U);
  EXPECT_EQ(cluster.all<GiveState>(3)[0].to.site, SiteId{1});
  cluster.beat();
  EXPECT_EQ(cluster.all<GiveState>(3).size(), 1U) << "asked once";
}

TEST(MemberChanges, TheHolderMayBeTheDonor) {
  Running cluster(3);
  cluster.come_back(2);
  cluster.beat();
  cluster.say_ready(2);
  EXPECT_EQ(cluster.all<GiveState>(0).size(), 1U);
}

TEST(MemberChanges, AnotherStartOfASiteThatComesBeginsAnew) {
  Running cluster(3);
  cluster.come_back(2);
  cluster.beat();
  cluster.say_ready(2);
  const Incarnation before = cluster.sites[2].incarnation;
  cluster.come_back(2);
  cluster.say_ready(2);
  ASSERT_EQ(cluster.all<GiveState>(0).size(), 2U);
  EXPECT_EQ(cluster.all<GiveState>(0)[1].to.incarnation, cluster.sites[2].incarnation);
  // What the start before still said.
  cluster.perform(0, cluster.member(0).receive(SiteId{2}, before, wire::CaughtUp{Version{5}}));
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1}));
  cluster.catch_up(2);
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1, 2}));
}

TEST(MemberChanges, AMemberThatSaysItIsReadyAgainIsNobodyNew) {
  Running cluster(3);
  cluster.say_ready(2);
  cluster.beat();
  EXPECT_THAT(cluster.all<GiveState>(0), IsEmpty());
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{1});
}

TEST(MemberChanges, ASiteThatComesAndDiesBeforeItsViewChangesNothingMore) {
  Running cluster(4);
  cluster.come_back(2);
  cluster.beat();
  cluster.say_ready(2);
  cluster.sites[3].reports = false;
  cluster.catch_up(2);  // the flush begins
  cluster.kill(2);
  cluster.perform(3, cluster.member(3).report({.number = ViewNumber{3}, .applied = Version{4}, .ends = false, .merges = {}}));
  cluster.sites[3].reports = true;
  EXPECT_EQ(cluster.members_at(0), sites_numbered({0, 1, 3}));
  const ViewNumber after = cluster.last_view(0).number;
  for (int beats = 0; beats < 10; ++beats) cluster.beat();
  EXPECT_EQ(cluster.last_view(0).number, after) << "no view for a site that is not there";
}

// ---- sites that leave ----

TEST(MemberChanges, WhoeverLeavesHelpsToCompleteWhatIsOpen) {
  Running cluster(3);
  cluster.perform(2, cluster.member(2).request_leave("Ctrl-C"));
  for (std::uint16_t site = 0; site < 3; ++site) {
    EXPECT_EQ(cluster.last_view(site).number, ViewNumber{2});
    EXPECT_EQ(cluster.members_at(site), sites_numbered({0, 1}));
    EXPECT_EQ(cluster.last_view(site).survivors, sites_numbered({0, 1, 2}));
    EXPECT_THAT(cluster.all<Fence>(site), IsEmpty());
  }
  EXPECT_EQ(cluster.last_view(0).reason.text(), "site2 leaves: Ctrl-C");
  EXPECT_THAT(cluster.all<Fenced>(2), IsEmpty());
  EXPECT_FALSE(cluster.member(2).is_member());
  EXPECT_TRUE(cluster.member(2).leaves());
  cluster.perform(0, cluster.member(0).departed(SiteId{2}, Incarnation{12}, "leaves"));
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{3}) << "what it gave the others complete together";
  EXPECT_EQ(cluster.last_view(1).reason.text(), "site2 has left");
  EXPECT_EQ(cluster.last_view(1).survivors, sites_numbered({0, 1}));
  EXPECT_EQ(fenced_at(cluster, 1), (std::vector{wire::MemberRecord{SiteId{2}, Incarnation{12}}}));
  cluster.kill(2);
  for (int beats = 0; beats < 10; ++beats) cluster.beat();
  EXPECT_EQ(cluster.last_view(0).number, ViewNumber{3}) << "and it is forgotten";
}

TEST(MemberChanges, ALeaverThatDiesBeforeItHasDoneItsPartIsNotWaitedFor) {
  Running cluster(3);
  cluster.perform(2, cluster.member(2).request_leave("Ctrl-C"));
  cluster.kill(2);
  cluster.beat();
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{3});
  EXPECT_EQ(cluster.last_view(1).survivors, sites_numbered({0, 1}));
  EXPECT_EQ(cluster.last_view(1).reason.text(), "nothing was heard of site2");
}

TEST(MemberChanges, ALeaverThatHasNotDoneItsPartTakesPartInTheNextFlush) {
  Running cluster(4);
  cluster.perform(2, cluster.member(2).request_leave("Ctrl-C"));
  cluster.kill(3);
  cluster.beat();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({0, 1}));
  EXPECT_EQ(cluster.last_view(1).survivors, sites_numbered({0, 1, 2}));
  EXPECT_EQ(cluster.last_view(2).number, ViewNumber{3});
  EXPECT_THAT(cluster.all<Fenced>(2), IsEmpty());
}

TEST(MemberChanges, AskingIsRepeatedWhereTheHolderMayNotHaveHeard) {
  Running cluster(3);
  cluster.kill(0);
  cluster.perform(2, cluster.member(2).request_leave("Ctrl-C"));
  cluster.perform(1, cluster.member(1).request_stop("enough"));
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.beat();
  for (int beats = 0; beats < 3; ++beats) cluster.beat();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({1})) << "site 2 has left";
  cluster.say_ready(0);
  cluster.beat();
  cluster.catch_up(0);
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U);
}

TEST(MemberChanges, NoViewIsEnteredThatPointsNowhere) {
  Running cluster(3);
  wire::View view = cluster.last_view(1);
  view.number = ViewNumber{2};
  view.starts = false;
  view.survivors = {SiteId{9}};
  cluster.perform(1, cluster.member(1).receive(SiteId{0}, Incarnation{10}, view));
  EXPECT_THAT(cluster.failure(1),
              HasSubstr("sent view 2, which makes no sense: it has survivors that are no sites of the run"));
  view.survivors = {SiteId{0}, SiteId{1}, SiteId{2}};
  view.starts = true;
  cluster.perform(2, cluster.member(2).receive(SiteId{0}, Incarnation{10}, view));
  EXPECT_THAT(cluster.failure(2), HasSubstr("it begins a run that goes on already"));
  EXPECT_EQ(cluster.last_view(1).number, ViewNumber{1});
}

TEST(MemberChanges, LeavingTwiceIsLeavingOnce) {
  Running cluster(3);
  cluster.hold_messages = true;
  cluster.perform(2, cluster.member(2).request_leave("first"));
  cluster.perform(2, cluster.member(2).request_leave("second"));
  EXPECT_EQ(cluster.in_flight.size(), 1U);
}

TEST(MemberChanges, TheHolderAndTheLastOneCannotLeaveButStopTheRun) {
  Running cluster(2);
  cluster.perform(0, cluster.member(0).request_leave("Ctrl-C"));
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U);
  EXPECT_FALSE(cluster.member(0).leaves());
}

TEST(MemberChanges, ALeaverThatDiesMeanwhileIsGoneLikeAnyOther) {
  Running cluster(3);
  cluster.sites[1].reports = false;
  cluster.perform(2, cluster.member(2).request_leave("Ctrl-C"));
  cluster.kill(2);
  cluster.sites[1].reports = true;
  cluster.beat();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({0, 1}));
  EXPECT_EQ(cluster.last_view(1).survivors, sites_numbered({0, 1}));
  EXPECT_EQ(fenced_at(cluster, 1).size(), 1U);
}

TEST(MemberChanges, WhereAllWouldLeaveTheRunStops) {
  Running cluster(3);
  cluster.come_back(0);
  for (const std::uint16_t site : {1, 2}) cluster.sites[site].said_view = ViewNumber{1};
  cluster.beat();
  ASSERT_EQ(cluster.members_at(1), sites_numbered({1, 2}));
  cluster.hold_messages = true;
  for (const std::uint16_t site : {1, 2}) cluster.perform(site, cluster.member(site).request_leave("Ctrl-C"));
  cluster.deliver();
  EXPECT_EQ(cluster.members_at(1), sites_numbered({1, 2})) << "there is no view without members";
  EXPECT_EQ(cluster.all<StopAt>(1).size(), 1U);
  EXPECT_EQ(cluster.all<StopAt>(2).size(), 1U);
}

// ---- strangers ----

TEST(MemberChanges, ASiteThatTakesItselfForAMemberIsToldThatItIsNone) {
  Running cluster(4);
  cluster.kill(3);
  cluster.beat();
  cluster.sites[3].dead = false;  // it was only cut off, and says which view it was in
  cluster.sites[3].said_view = ViewNumber{1};
  cluster.sites[0].done.clear();
  cluster.beat();
  ASSERT_THAT(fenced_at(cluster, 0), ElementsAre(wire::MemberRecord{SiteId{3}, Incarnation{13}}));
  EXPECT_EQ(cluster.all<Fence>(0)[0].reason, "no member of view 2");
  EXPECT_THAT(cluster.all<EnterView>(0), IsEmpty());
}

TEST(MemberChanges, SitesThatComeAndSitesThatLeaveAreNoStrangers) {
  Running cluster(4);
  for (Cluster::Site& site : cluster.sites) site.said_view = ViewNumber{1};
  cluster.perform(3, cluster.member(3).request_leave("Ctrl-C"));
  cluster.beat();
  EXPECT_THAT(cluster.all<Fence>(0), IsEmpty()) << "it still completes what was open";
  cluster.come_back(2);
  cluster.beat();
  cluster.sites[0].done.clear();
  cluster.say_ready(2);
  cluster.beat();
  EXPECT_THAT(fenced_at(cluster, 0), Not(testing::Contains(wire::MemberRecord{SiteId{2}, Incarnation{112}})));
}

// It would go again as soon as it should have been heard.
TEST(Changes, ASiteThatComesIsTakenInWhenTheMembersHaveHeardIt) {
  Running run(3);
  run.kill(2);
  run.beat();
  run.come_back(2);
  run.not_heard_yet = {SiteId{2}};
  run.say_ready(2);
  run.catch_up(2);
  run.beat();
  EXPECT_EQ(run.members_at(0), sites_numbered({0, 1}));
  run.not_heard_yet.clear();
  run.beat();
  EXPECT_EQ(run.members_at(0), sites_numbered({0, 1, 2}));
}

}  // namespace
}  // namespace intertie::members
