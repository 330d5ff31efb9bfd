#include "intertie/members/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::members {
namespace {

using testing::HasSubstr;

// Several members that exchange their messages at once, in order; what else they do is collected.
class Members {
 public:
  explicit Members(std::size_t num, std::optional<StoreState> store = {}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < num; ++i) names.push_back("site" + std::to_string(i));
    for (std::uint16_t i = 0; i < num; ++i) {
      members.emplace_back(Member::Settings{.run = "test",
                                            .self = SiteId{i},
                                            .site_names = names,
                                            .incarnation = Incarnation{10U + i},
                                            .schedule = {},
                                            .store = i == 0 ? store : std::nullopt,
                                            .last_version = Version{100}});
      ready.push_back({});
    }
    done.resize(num);
  }

  void all_ready() {
    for (std::uint16_t i = 0; i < members.size(); ++i) {
      std::map<SiteId, Incarnation> others;
      for (std::uint16_t j = 0; j < members.size(); ++j) {
        if (j != i) others[SiteId{j}] = Incarnation{10U + j};
      }
      perform(SiteId{i}, members[i].ready(ready[i], others));
    }
  }

  void perform(SiteId site, Actions actions) {
    for (Action& action : actions) {
      const auto* send = std::get_if<SendTo>(&action);
      if (!send) {
        done[site.value].push_back(action);
        continue;
      }
      for (std::uint16_t to = 0; to < members.size(); ++to) {
        if (SiteId{to} == site || (send->to && *send->to != SiteId{to})) continue;
        if (hold_messages) {
          held.emplace_back(site, SiteId{to}, send->message);
        } else {
          perform(SiteId{to}, members[to].receive(site, send->message));
        }
      }
    }
  }

  void deliver_held() {
    hold_messages = false;
    auto messages = std::move(held);
    for (auto& [from, to, message] : messages) perform(to, members[to.value].receive(from, message));
  }

  template <class T>
  std::vector<T> all(std::size_t site) const {
    std::vector<T> found;
    for (const Action& action : done[site]) {
      if (const T* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  std::string failure(std::size_t site) const {
    const auto failures = all<Fail>(site);
    return failures.empty() ? "none" : failures[0].error.message();
  }

  std::vector<Member> members;
  std::vector<wire::Ready> ready;
  std::vector<std::vector<Action>> done;
  bool hold_messages = false;
  std::vector<std::tuple<SiteId, SiteId, wire::Message>> held;
};

StoreState store_with(std::vector<CheckpointRecord> checkpoints) {
  StoreState state;
  state.run = "test";
  state.view = ViewNumber{3};
  state.restart = Restart{1};
  state.checkpoints = std::move(checkpoints);
  return state;
}

CheckpointRecord record_of(std::uint64_t version, std::uint32_t restart, std::size_t sites, bool complete = true) {
  CheckpointRecord record{Version{version}, Restart{restart}, {}};
  for (std::size_t i = 0; i < sites; ++i) record.manifests.push_back(Hash64{version * 10 + i});
  if (!complete) record.manifests.back().reset();
  return record;
}

void offer(Members& members, const CheckpointRecord& record) {
  for (std::size_t i = 0; i < members.members.size(); ++i) {
    if (record.manifests[i]) members.ready[i].checkpoints.push_back({record.version, record.restart, *record.manifests[i]});
  }
}

TEST(Member, AllEnterTheSameFirstViewOnceEverybodyIsReady) {
  Members members(3);
  members.all_ready();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto views = members.all<EnterView>(i);
    ASSERT_EQ(views.size(), 1U);
    EXPECT_EQ(views[0].view.number, ViewNumber{1});
    EXPECT_EQ(views[0].view.restart, Restart{0});
    EXPECT_FALSE(views[0].view.from_checkpoint);
    ASSERT_EQ(views[0].view.members.size(), 3U);
    EXPECT_EQ(views[0].view.members[2], (wire::MemberRecord{SiteId{2}, Incarnation{12}}));
  }
}

TEST(Member, TheViewIsOnDiskBeforeAnybodyHearsOfIt) {
  Members members(2);
  members.members[1].ready({}, {{SiteId{0}, Incarnation{10}}});
  Actions actions = members.members[0].ready({}, {{SiteId{1}, Incarnation{11}}});
  EXPECT_TRUE(actions.empty());
  actions = members.members[0].receive(SiteId{1}, wire::Ready{});
  ASSERT_GE(actions.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Persist>(actions[0]));
  EXPECT_TRUE(std::holds_alternative<SendTo>(actions[1]));
  EXPECT_EQ(std::get<Persist>(actions[0]).state.members.size(), 2U);
}

TEST(Member, ResumesFromTheNewestCheckpointThatIsCompleteAndEverywhere) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(20, 1, 2), record_of(30, 1, 2, false)};
  Members members(2, store_with(records));
  for (const auto& record : records) offer(members, record);
  for (auto& ready : members.ready) ready.resume = true;
  members.all_ready();
  const wire::View view = members.all<EnterView>(1).at(0).view;
  EXPECT_TRUE(view.from_checkpoint);
  EXPECT_EQ(view.checkpoint.version, Version{20});
  EXPECT_EQ(view.checkpoint.restart, Restart{1});
  EXPECT_EQ(view.restart, Restart{2}) << "raised, so that frames of the earlier start are refused";
  EXPECT_EQ(view.number, ViewNumber{4});
}

TEST(Member, FallsBackToTheOlderCheckpointWhereOneSiteLostTheNewer) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(20, 1, 2)};
  Members members(2, store_with(records));
  for (const auto& record : records) offer(members, record);
  members.ready[1].checkpoints.pop_back();
  for (auto& ready : members.ready) ready.resume = true;
  members.all_ready();
  EXPECT_EQ(members.all<EnterView>(0).at(0).view.checkpoint.version, Version{10});
}

TEST(Member, ACheckpointWithAnotherHashIsNotThatCheckpoint) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2)};
  Members members(2, store_with(records));
  offer(members, records[0]);
  members.ready[1].checkpoints[0].manifest = Hash64{999};
  for (auto& ready : members.ready) ready.resume = true;
  members.all_ready();
  EXPECT_THAT(members.failure(0), HasSubstr("site site1 does not have its part of version 10"));
}

TEST(Member, AResumeBeforeTheFirstCheckpointStartsFromTheBeginningUnderANewRestart) {
  Members members(2, store_with({record_of(10, 1, 2, false)}));
  for (auto& ready : members.ready) ready.resume = true;
  members.all_ready();
  EXPECT_FALSE(members.all<EnterView>(0).at(0).view.from_checkpoint);
  EXPECT_EQ(members.all<EnterView>(0).at(0).view.restart, Restart{2});
}

TEST(Member, AnotherModelOrOnlySomeWithResumeIsNamed) {
  Members models(3);
  models.ready[2].layout = Hash64{5};
  models.all_ready();
  EXPECT_THAT(models.failure(0), HasSubstr("site site2 built a different model"));
  Members resume(3);
  resume.ready[1].resume = true;
  resume.all_ready();
  EXPECT_THAT(resume.failure(0), HasSubstr("site site1 was started with --resume, site site0 without"));
}

TEST(Member, AViewWithOtherIncarnationsIsNotEntered) {
  Members members(2);
  members.hold_messages = true;
  members.all_ready();
  wire::View view{.number = ViewNumber{1}, .members = {{SiteId{0}, Incarnation{10}}, {SiteId{1}, Incarnation{99}}}};
  members.perform(SiteId{1}, members.members[1].receive(SiteId{0}, view));
  EXPECT_THAT(members.failure(1), HasSubstr("other starts of the sites"));
  EXPECT_TRUE(members.all<EnterView>(1).empty());
}

TEST(Member, AStopNamesTheFirstVersionNotOfferedToAndHoldsItUntilAllKnow) {
  Members members(3);
  members.all_ready();
  for (Member& member : members.members) member.opened(Version{7});
  members.hold_messages = true;
  members.perform(SiteId{0}, members.members[0].request_stop("test"));
  EXPECT_EQ(members.all<StopAt>(0).at(0).version, Version{8});
  EXPECT_TRUE(members.members[0].may_open(Version{7}));
  EXPECT_FALSE(members.members[0].may_open(Version{8})) << "the others do not know yet";
  EXPECT_TRUE(members.all<StopAgreed>(0).empty());
  members.deliver_held();
  EXPECT_TRUE(members.members[0].may_open(Version{8}));
  EXPECT_EQ(members.all<StopAgreed>(0).size(), 1U);
  for (std::size_t i = 1; i < 3; ++i) EXPECT_EQ(members.all<StopAt>(i).at(0).version, Version{8});
}

TEST(Member, AnySiteMayAskAndAskingTwiceStopsOnce) {
  Members members(3);
  members.all_ready();
  members.perform(SiteId{2}, members.members[2].request_stop("first"));
  members.perform(SiteId{1}, members.members[1].request_stop("second"));
  EXPECT_EQ(members.all<StopAt>(2).size(), 1U);
  EXPECT_EQ(members.all<StopAt>(2)[0].reason, "first");
}

TEST(Member, AStopAtTheVeryEndIsTheEnd) {
  Members members(2);
  members.all_ready();
  members.members[0].opened(Version{100});
  members.perform(SiteId{1}, members.members[1].request_stop("late"));
  EXPECT_TRUE(members.all<StopAt>(0).empty());
}

TEST(Member, AStopAfterAResumeNamesAVersionAfterTheCheckpoint) {
  const CheckpointRecord newest = record_of(40, 1, 2);
  Members members(2, store_with({newest}));
  for (wire::Ready& ready : members.ready) ready.resume = true;
  offer(members, newest);
  members.all_ready();
  members.perform(SiteId{1}, members.members[1].request_stop("before its first contribution"));
  EXPECT_EQ(members.all<StopAt>(0).at(0).version, Version{41});
  EXPECT_TRUE(members.members[1].stops_at(Version{41}));
}

TEST(Member, AResumeWithoutTheStoreIsRefusedWhereThereAreCheckpoints) {
  const CheckpointRecord record = record_of(40, 1, 2);
  Members members(2);
  for (wire::Ready& ready : members.ready) ready.resume = true;
  offer(members, record);
  members.all_ready();
  EXPECT_THAT(members.failure(0), HasSubstr("store.json) is gone"));
  EXPECT_TRUE(members.all<EnterView>(0).empty());
}

TEST(Member, AResumeWithAnotherNumberOfSitesIsRefused) {
  const CheckpointRecord record = record_of(40, 1, 3);
  Members members(2, store_with({record}));
  for (wire::Ready& ready : members.ready) ready.resume = true;
  members.all_ready();
  EXPECT_THAT(members.failure(0), HasSubstr("version 40 was made by 3 sites, the run file has 2"));
}

TEST(Member, AStartThatDoesNotResumeForgetsWhatTheStoreRemembers) {
  Members members(2, store_with({record_of(40, 1, 2), record_of(50, 0, 2)}));
  members.all_ready();
  EXPECT_TRUE(members.all<Persist>(0).at(0).state.checkpoints.empty());
  members.members[0].opened(Version{50});
  members.perform(SiteId{0}, members.members[0].wrote_checkpoint({Version{50}, Restart{0}, Hash64{7}}));
  EXPECT_TRUE(members.all<CheckpointIsComplete>(0).empty()) << "one part of two";
}

TEST(Member, ACheckpointIsCompleteWhenAllPartsAreAndTheStoreSaysSoFirst) {
  Members members(2);
  members.all_ready();
  const auto write = [&](std::uint16_t site, std::uint64_t version) {
    members.members[0].opened(Version{7});
    members.perform(SiteId{site},
                    members.members[site].wrote_checkpoint({Version{version}, Restart{0}, Hash64{version * 10 + site}}));
  };
  write(0, 5);
  EXPECT_TRUE(members.all<CheckpointIsComplete>(0).empty());
  write(1, 5);
  ASSERT_EQ(members.all<CheckpointIsComplete>(0).size(), 1U);
  EXPECT_THAT(members.all<CheckpointIsComplete>(1).at(0).keep, testing::ElementsAre(Hash64{51}));
  write(0, 6);
  write(1, 6);
  write(1, 7);
  write(0, 7);
  EXPECT_THAT(members.all<CheckpointIsComplete>(1).back().keep, testing::ElementsAre(Hash64{71}, Hash64{61}));
  const auto states = members.all<Persist>(0);
  ASSERT_EQ(states.back().state.checkpoints.size(), 2U) << "two complete ones are kept";
  EXPECT_EQ(states.back().state.checkpoints[0].version, Version{6});
}

TEST(Member, ACheckpointThatNobodyCanHaveComeToEndsTheRun) {
  Members members(2);
  members.all_ready();
  members.members[0].opened(Version{7});
  members.perform(SiteId{1}, members.members[1].wrote_checkpoint({Version{8}, Restart{0}, Hash64{1}}));
  EXPECT_THAT(members.failure(0), testing::HasSubstr("wrote a checkpoint of version 8, which it cannot have come to"));
}

TEST(Member, SaysWhomTheViewWaitsFor) {
  Members members(3);
  members.hold_messages = true;
  members.all_ready();
  EXPECT_THAT(members.members[0].waits_for(), testing::EndsWith(": site1, site2"));
  EXPECT_THAT(members.members[1].waits_for(), testing::HasSubstr("site0, which decides on it"));
}

TEST(Member, AfterAResumeVoidCheckpointsAreNeitherKeptNorCounted) {
  const std::vector<CheckpointRecord> records = {record_of(10, 0, 2), record_of(12, 0, 2, false)};
  Members members(2, store_with(records));
  for (const auto& record : records) offer(members, record);
  for (auto& ready : members.ready) ready.resume = true;
  members.all_ready();
  const Restart restart = members.all<EnterView>(0).at(0).view.restart;
  members.members[0].opened(Version{12});
  for (std::uint16_t site = 0; site < 2; ++site) {
    members.perform(SiteId{site}, members.members[site].wrote_checkpoint({Version{12}, restart, Hash64{500U + site}}));
  }
  EXPECT_THAT(members.all<CheckpointIsComplete>(0).at(0).keep, testing::ElementsAre(Hash64{500}, Hash64{100}));
  const StoreState stored = members.all<Persist>(0).back().state;
  EXPECT_EQ(stored.checkpoints.size(), 2U);
  for (const CheckpointRecord& record : stored.checkpoints) EXPECT_TRUE(record.complete());
}

}  // namespace
}  // namespace intertie::members
