#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "intertie/reduce/maps_fixture.h"

namespace intertie::reduce {
namespace {

using std::chrono::milliseconds;
using wire::Reduction;

constexpr std::uint64_t k64MiB = 1 << 24;  // elements
constexpr double kBits = 32.0 * k64MiB;
constexpr double kGoodput = 941.5e6;

Scheduled scheduled(const Map& map) { return scheduled(map, {.elements = k64MiB}); }

std::map<std::uint16_t, std::uint32_t> owned_blocks(const wire::Schedule& schedule) {
  std::map<std::uint16_t, std::uint32_t> owned;
  for (const wire::Piece& piece : schedule.pieces) owned[piece.owner.value] += piece.blocks.size();
  return owned;
}

bool relays_anything(const wire::Schedule& schedule) {
  return std::any_of(schedule.routes.begin(), schedule.routes.end(), [](const wire::Route& route) {
    return std::any_of(route.ways.begin(), route.ways.end(), [](const wire::Way& way) { return !way.relays.empty(); });
  });
}

// ---- known answers ----

TEST(BestSchedule, EqualSitesSumEqualShares) {
  for (const std::size_t count : {3U, 4U, 5U, 8U}) {
    const Scheduled best = scheduled(Map::mesh(sites_with_access(count, kGoodput), {{}, kHalfRoundTrip}));
    const auto n = static_cast<double>(count);
    EXPECT_EQ(best.schedule.reduction, Reduction::owners);
    EXPECT_NEAR(seconds_of(best.optimum), 2 * (n - 1) / n * kBits / kGoodput, 1e-6) << count << " sites";
    EXPECT_NEAR(seconds_of(best.predicted.time()), seconds_of(best.optimum) + 0.030, 1e-3);
    std::uint32_t least = 5000, most = 0;
    for (const auto& [site, blocks] : owned_blocks(best.schedule)) {
      least = std::min(least, blocks);
      most = std::max(most, blocks);
    }
    EXPECT_LE(most - least, 1U);
    EXPECT_FALSE(relays_anything(best.schedule));
    EXPECT_NEAR(static_cast<double>(best.schedule.routes.front().rate), kGoodput / (n - 1), 1e6) << "the line, divided";
  }
}

TEST(BestSchedule, ASlowSiteOwnsNothingAndOnlySendsAndReceivesOnce) {
  std::vector<Map::Site> sites = sites_with_access(3, kGoodput);
  sites[2].up = sites[2].down = BitRate{235.4e6};
  const Scheduled best = scheduled(Map::mesh(sites, {{}, kHalfRoundTrip}));
  EXPECT_NEAR(seconds_of(best.predicted.time()), kBits / 235.4e6 + 0.030, 1e-6);
  EXPECT_THAT(owned_blocks(best.schedule), testing::ElementsAre(testing::Pair(0, 2048U), testing::Pair(1, 2048U)));
}

TEST(BestSchedule, TwoSitesGather) {
  const Map map = Map::mesh(sites_with_access(2, kGoodput), {{}, kHalfRoundTrip});
  const Scheduled best = scheduled(map);
  EXPECT_EQ(best.schedule.reduction, Reduction::gather);
  EXPECT_NEAR(seconds_of(best.predicted.time()), kBits / kGoodput + 0.015, 1e-6);
  const Scheduled owners = scheduled(map, {.elements = k64MiB, .reduction = Reduction::owners});
  EXPECT_NEAR(seconds_of(owners.predicted.time()), kBits / kGoodput + 0.030, 1e-6);
}

TEST(BestSchedule, TheMiddleOfAChainOrStarOwnsAll) {
  Map chain(sites_with_access(3, 0));
  chain.set_both_ways(0, 1, env::LinkProfile{{kGoodput}, kHalfRoundTrip});
  chain.set_both_ways(1, 2, env::LinkProfile{{kGoodput}, kHalfRoundTrip});
  Map star(sites_with_access(6, 0));
  for (std::size_t i = 0; i < 6; ++i) {
    if (i != 3) star.set_both_ways(3, i, env::LinkProfile{{kGoodput}, kHalfRoundTrip});
  }
  for (const auto& [map, middle] : {std::pair(&chain, 1), std::pair(&star, 3)}) {
    const Scheduled best = scheduled(*map);
    EXPECT_NEAR(seconds_of(best.predicted.time()), kBits / kGoodput + 0.030, 1e-6);
    EXPECT_THAT(owned_blocks(best.schedule), testing::ElementsAre(testing::Pair(middle, 4096U)));
    EXPECT_FALSE(relays_anything(best.schedule)) << "the middle sums; nothing goes on as it came";
    const double bound = seconds_of(lower_bound(*map, {.elements = k64MiB}).time());
    EXPECT_NEAR(bound, seconds_of(best.predicted.time()), 1e-8) << "nobody can do better";
  }
}

TEST(BestSchedule, ALongerChainRelaysOverTwo) {
  Map chain(sites_with_access(5, 0));
  for (std::size_t i = 0; i + 1 < 5; ++i) chain.set_both_ways(i, i + 1, env::LinkProfile{{100e6}, milliseconds(5)});
  const Scheduled best = scheduled(chain);
  // The end of a chain sends 1; what passes a link on the way to the middle is 2.
  EXPECT_NEAR(seconds_of(best.predicted.transfer), 2 * kBits / 100e6, 1e-3);
  EXPECT_EQ(best.predicted.delays, milliseconds(20));
  EXPECT_TRUE(relays_anything(best.schedule));
}

TEST(BestSchedule, AnUnusedWideWayIsTakenBesideANarrowLink) {
  Map map = Map::mesh(sites_with_access(3, 0), {{100e6}, kHalfRoundTrip});
  map.set_both_ways(0, 2, env::LinkProfile{{10e6}, kHalfRoundTrip});
  const Scheduled best = scheduled(map);
  // Through 1: as a chain of two links of 100 Mbit/s, and 10 Mbit/s beside it.
  EXPECT_LT(seconds_of(best.predicted.transfer), kBits / 100e6 * 1.001);
  EXPECT_LT(seconds_of(best.predicted.transfer), seconds_of(lower_bound(map, {.elements = k64MiB}).time()) * 1.01);
}

TEST(BestSchedule, DrawnPairRatesComeWithinAHundredthOfTheLinearProgramme) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const Map map = drawn_pairs(5, seed);
    const Scheduled best = scheduled(map);
    const double ratio = seconds_of(best.predicted.time()) / seconds_of(lower_bound(map, {.elements = k64MiB}).time());
    RecordProperty("ratio_to_the_bound_" + std::to_string(seed), std::to_string(ratio));
    EXPECT_LT(seconds_of(best.predicted.transfer), 1.01 * seconds_of(best.optimum)) << "seed " << seed;
    EXPECT_TRUE(relays_anything(best.schedule));
    EXPECT_GT(ratio, 1.0) << "seed " << seed;
  }
}

TEST(BestSchedule, SmallFragmentsAreGathered) {
  const Map map = Map::mesh(sites_with_access(3, kGoodput), {{}, kHalfRoundTrip});
  EXPECT_EQ(scheduled(map, {.elements = 10'000}).schedule.reduction, Reduction::gather);
  EXPECT_EQ(scheduled(map, {.elements = k64MiB}).schedule.reduction, Reduction::owners);
}

TEST(BestSchedule, WideResultsOfNarrowContributionsAreGathered) {
  const Map map = Map::mesh(sites_with_access(3, kGoodput), {{}, kHalfRoundTrip});
  EXPECT_EQ(scheduled(map, {.elements = k64MiB, .element = {0.5, 4}}).schedule.reduction, Reduction::gather);
}

TEST(BestSchedule, WhereNoRateIsKnownSharesAreEqual) {
  const Scheduled best = scheduled(Map::mesh(sites_with_access(4, 0), {{}, kHalfRoundTrip}));
  EXPECT_EQ(best.schedule.reduction, Reduction::owners);
  EXPECT_EQ(best.predicted.time(), milliseconds(30));
  for (const auto& [site, blocks] : owned_blocks(best.schedule)) EXPECT_EQ(blocks, 1024U);
}

TEST(BestSchedule, MemoryCapsAShare) {
  Map map = Map::mesh(sites_with_access(3, kGoodput), {{}, kHalfRoundTrip});
  // Contribution and two results are 192 MiB; an eighth of two contributions beside that.
  map.site(1).memory = Bytes{(192 + 16) << 20};
  EXPECT_EQ(owned_blocks(scheduled(map).schedule)[1], 512U);
  map.site(1).memory = Bytes{100 << 20};
  const Result<Scheduled> refused = best_schedule(map, {.elements = k64MiB});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("s1 has 105 MB for merges, and needs 201 MB"));
}

TEST(BestSchedule, SharesAreEvenWithinEachBucket) {
  std::vector<Map::Site> sites = sites_with_access(3, kGoodput);
  sites[2].up = sites[2].down = BitRate{235.4e6};
  const Scheduled best = scheduled(Map::mesh(sites, {{}, kHalfRoundTrip}), {.elements = k64MiB, .bucket_blocks = 7});
  for (const wire::Piece& piece : best.schedule.pieces) {
    EXPECT_EQ(piece.blocks.first / 7, (piece.blocks.last - 1) / 7);
    EXPECT_LE(piece.blocks.size(), 4U);
  }
  EXPECT_THAT(owned_blocks(best.schedule), testing::ElementsAre(testing::Pair(0, 2048U), testing::Pair(1, 2048U)));
}

// ---- what cannot be scheduled, and what is hardly anything ----

TEST(BestSchedule, SitesThatCannotReachOneAnotherAreNamed) {
  Map apart(sites_with_access(4, 0));
  apart.set_both_ways(0, 1, env::LinkProfile{});
  apart.set_both_ways(2, 3, env::LinkProfile{});
  const Result<Scheduled> refused = best_schedule(apart, {.elements = k64MiB});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("there is no way from s0 to s2"));

  Map chain(sites_with_access(8, 0));
  for (std::size_t i = 0; i + 1 < 8; ++i) chain.set_both_ways(i, i + 1, env::LinkProfile{{100e6}, milliseconds(5)});
  const Result<Scheduled> too_long = best_schedule(chain, {.elements = k64MiB});
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().message(), testing::HasSubstr("at most two relays; the way from s0 to s7 has 6"));
}

TEST(BestSchedule, NothingToMergeAndNobodyToMergeWith) {
  const Map map = Map::mesh(sites_with_access(3, kGoodput), {{}, kHalfRoundTrip});
  EXPECT_TRUE(scheduled(map, {.elements = 0}).schedule.pieces.empty());
  EXPECT_EQ(lower_bound(map, {.elements = 0}).time(), Duration(0));
  const Map alone(sites_with_access(1, kGoodput));
  const Scheduled best = scheduled(alone);
  EXPECT_EQ(best.predicted.time(), Duration(0));
  EXPECT_EQ(best.schedule.pieces.size(), 1U);
}

TEST(BestSchedule, ThirtyTwoSites) {
  const Map map = Map::mesh(sites_with_access(32, kGoodput), {{}, kHalfRoundTrip});
  const Scheduled best = scheduled(map);
  EXPECT_EQ(best.schedule.pieces.size(), 32U);
  EXPECT_NEAR(seconds_of(best.predicted.time()), 2 * 31.0 / 32 * kBits / kGoodput + 0.030, 1e-3);
  EXPECT_LT(seconds_of(best.predicted.time()), 1.02 * seconds_of(lower_bound(map, {.elements = k64MiB}).time()));
}

}  // namespace
}  // namespace intertie::reduce
