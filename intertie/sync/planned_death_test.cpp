#include "intertie/sync/planned_death.h"

#include <gtest/gtest.h>

namespace intertie::sync {
namespace {

constexpr SiteId kDying{1};
constexpr Version kVersion{7};

// Three sites, 12 chunks, of which each owns 4.
class Dying {
 public:
  Dying(DeathPlace place, wire::Reduction reduction) : watch_({.version = kVersion, .place = place}), reduction_(reduction) {
    for (std::uint32_t i = 0; i < 12; ++i) slots_.push_back({{16 * i, 16 * i + 16}, SiteId{static_cast<std::uint16_t>(i / 4)}});
    watch_.begin(kVersion, slots_, reduction, kDying, {SiteId{0}, kDying, SiteId{2}});
  }

  void contribute(Version version = kVersion) {
    for (const std::size_t slot : reduce::sending_order(slots_, kDying, 3)) {
      for (const SiteId to : {SiteId{2}, SiteId{0}}) {
        const bool goes = reduction_ == wire::Reduction::gather || slots_[slot].owner == to;
        if (goes) send(to, wire::ChunkKind::contribution, version, slot);
      }
    }
  }
  void publish() {
    for (std::size_t slot = 4; slot < 8; ++slot) {
      for (const SiteId to : {SiteId{2}, SiteId{0}}) send(to, wire::ChunkKind::result, kVersion, slot);
    }
  }
  void send(SiteId to, wire::ChunkKind kind, Version version, std::size_t slot) {
    wire::Chunk chunk{.kind = kind,
                      .merge = {FragmentId{0}, version},
                      .view = {},
                      .restart = {},
                      .site = kDying,
                      .incarnation = {},
                      .contribution = {},
                      .set = {},
                      .lane = {},
                      .blocks = slots_[slot].blocks,
                      .encoding = Encoding::f32,
                      .payload = {}};
    reduce::Sends sends;
    sends.push_back({to, std::move(chunk)});
    num_left_ += watch_.allow(std::move(sends)).size();
  }
  std::size_t contributions(std::uint16_t to) const { return watch_.shares().at(SiteId{to}).contributions; }
  std::size_t results(std::uint16_t to) const { return watch_.shares().at(SiteId{to}).results; }

  DeathWatch watch_;
  std::size_t num_left_ = 0;

 private:
  wire::Reduction reduction_;
  std::vector<reduce::ChunkSlot> slots_;
};

TEST(PlannedDeath, IsReadAndRefused) {
  for (const auto place :
       {DeathPlace::first_block, DeathPlace::half_contribution, DeathPlace::half_results, DeathPlace::results_at_one,
        DeathPlace::all_sent, DeathPlace::applied, DeathPlace::flush_asked, DeathPlace::flush_answered}) {
    const Result<PlannedDeath> plan = parse_planned_death(std::string("12:") + name_of(place));
    ASSERT_TRUE(plan) << plan.error().message();
    EXPECT_EQ(plan->version, Version{12});
    EXPECT_EQ(plan->place, place);
  }
  const Result<PlannedDeath> counted = parse_planned_death("+3:applied");
  ASSERT_TRUE(counted);
  EXPECT_TRUE(counted->of_this_start);
  EXPECT_EQ(counted->version, Version{3});
  for (const char* text : {"", ":", "12", "12:", "12:soon", "+:applied", "++1:applied", "+0:applied", "0:applied", "-1:applied",
                           "1x:applied", ":applied", "12:applied "}) {
    EXPECT_FALSE(parse_planned_death(text)) << text;
  }
}

TEST(PlannedDeath, BeforeTheFirstBlock) {
  Dying site(DeathPlace::first_block, wire::Reduction::owners);
  site.contribute(Version{6});
  EXPECT_EQ(site.num_left_, 8U) << "the merges before are made as always";
  EXPECT_FALSE(site.watch_.reached());
  site.contribute();
  EXPECT_EQ(site.num_left_, 8U);
  EXPECT_TRUE(site.watch_.reached());
  EXPECT_TRUE(site.watch_.may_apply(Version{6}));
  EXPECT_FALSE(site.watch_.may_apply(kVersion));
}

TEST(PlannedDeath, HalfOfTheContribution) {
  Dying owners(DeathPlace::half_contribution, wire::Reduction::owners);
  owners.contribute();
  EXPECT_TRUE(owners.watch_.reached());
  EXPECT_EQ(owners.contributions(0), 2U);
  EXPECT_EQ(owners.contributions(2), 2U);
  Dying gather(DeathPlace::half_contribution, wire::Reduction::gather);
  gather.contribute();
  EXPECT_TRUE(gather.watch_.reached());
  EXPECT_EQ(gather.contributions(0), 6U);
  EXPECT_EQ(gather.contributions(2), 6U);
}

TEST(PlannedDeath, HalfOfTheResultsAtOneAndNoneAtTheOther) {
  Dying owners(DeathPlace::half_results, wire::Reduction::owners);
  owners.contribute();
  EXPECT_FALSE(owners.watch_.reached());
  EXPECT_EQ(owners.contributions(0) + owners.contributions(2), 8U);
  owners.publish();
  EXPECT_TRUE(owners.watch_.reached());
  EXPECT_EQ(owners.results(2), 2U);
  EXPECT_EQ(owners.results(0), 0U);
  Dying gather(DeathPlace::half_results, wire::Reduction::gather);
  gather.contribute();
  EXPECT_TRUE(gather.watch_.reached());
  EXPECT_EQ(gather.contributions(2), 6U);
  EXPECT_EQ(gather.contributions(0), 0U);
}

TEST(PlannedDeath, AllOfTheResultsAtOneAndNoneAtTheOther) {
  Dying owners(DeathPlace::results_at_one, wire::Reduction::owners);
  owners.contribute();
  EXPECT_FALSE(owners.watch_.reached());
  owners.publish();
  EXPECT_TRUE(owners.watch_.reached());
  EXPECT_EQ(owners.results(2), 4U);
  EXPECT_EQ(owners.results(0), 0U);
  Dying gather(DeathPlace::results_at_one, wire::Reduction::gather);
  gather.contribute();
  EXPECT_TRUE(gather.watch_.reached());
  EXPECT_EQ(gather.contributions(2), 12U);
  EXPECT_EQ(gather.contributions(0), 0U);
}

TEST(PlannedDeath, AllSentAndNothingOfTheNextMerge) {
  Dying site(DeathPlace::all_sent, wire::Reduction::owners);
  site.contribute();
  EXPECT_FALSE(site.watch_.reached());
  site.publish();
  EXPECT_TRUE(site.watch_.reached());
  EXPECT_EQ(site.num_left_, 16U);
  site.contribute(Version{8});
  EXPECT_EQ(site.num_left_, 16U);
  EXPECT_FALSE(site.watch_.may_apply(kVersion));
}

TEST(PlannedDeath, AfterItAppliedAndInAFlush) {
  Dying applied(DeathPlace::applied, wire::Reduction::owners);
  applied.contribute();
  applied.publish();
  EXPECT_EQ(applied.num_left_, 16U);
  EXPECT_TRUE(applied.watch_.may_apply(kVersion));
  applied.watch_.applied(Version{6});
  EXPECT_FALSE(applied.watch_.reached());
  applied.watch_.applied(kVersion);
  EXPECT_TRUE(applied.watch_.reached());

  DeathWatch asked({.version = kVersion, .place = DeathPlace::flush_asked});
  asked.flush_asked(Version{6});
  asked.flush_answered(kVersion);
  EXPECT_FALSE(asked.reached());
  asked.flush_asked(Version{9});
  EXPECT_TRUE(asked.reached());
  EXPECT_FALSE(asked.waits_for_arrivals());
  DeathWatch answered({.version = kVersion, .place = DeathPlace::flush_answered});
  answered.flush_asked(kVersion);
  EXPECT_FALSE(answered.reached());
  answered.view_comes();
  EXPECT_FALSE(answered.reached()) << "a view that came of no answer of this merge";
  answered.flush_answered(kVersion);
  EXPECT_FALSE(answered.reached());
  answered.view_comes();
  EXPECT_TRUE(answered.reached());
  EXPECT_FALSE(answered.waits_for_arrivals());
}

TEST(PlannedDeath, CountsFromTheFirstVersionThatThisStartMakes) {
  DeathWatch watch({.version = Version{3}, .of_this_start = true, .place = DeathPlace::applied});
  watch.applied(Version{3});
  watch.makes(Version{40});
  watch.makes(Version{50});
  EXPECT_FALSE(watch.reached());
  watch.applied(Version{41});
  EXPECT_FALSE(watch.reached());
  watch.applied(Version{42});
  EXPECT_TRUE(watch.reached());
}

TEST(PlannedDeath, WhatIsNoChunkOfAMergeLeaves) {
  Dying site(DeathPlace::first_block, wire::Reduction::gather);
  site.contribute();
  reduce::Sends sends;
  sends.push_back({SiteId{0}, wire::ChunkRequest{}});
  EXPECT_EQ(site.watch_.allow(std::move(sends)).size(), 1U);
}

}  // namespace
}  // namespace intertie::sync
