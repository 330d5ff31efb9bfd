#include "intertie/reduce/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace intertie::reduce {
namespace {

using wire::Reduction;
using Sites = std::vector<SiteId>;

const Sites kTwo = {SiteId{0}, SiteId{1}};
const Sites kThree = {SiteId{0}, SiteId{1}, SiteId{2}};
const Sites kWithGaps = {SiteId{1}, SiteId{4}, SiteId{9}};

TEST(Schedule, SharesDifferByAtMostOneBlockOverAllBuckets) {
  const Sites seven = {SiteId{0}, SiteId{1}, SiteId{2}, SiteId{3}, SiteId{4}, SiteId{5}, SiteId{6}};
  const Sites four = {SiteId{0}, SiteId{2}, SiteId{3}, SiteId{200}};
  for (const Sites& sites : {kThree, kWithGaps, four, seven}) {
    for (const std::uint32_t bucket : {0U, 5U, 64U}) {
      const std::uint64_t elements = 200 * kBlockElements + 17;
      const wire::Schedule schedule = make_schedule({Reduction::owners, sites, elements, bucket});
      ASSERT_TRUE(validate(schedule, sites, elements));
      std::map<SiteId, std::uint32_t> owned;
      for (const wire::Piece& piece : schedule.pieces) owned[piece.owner] += piece.blocks.size();
      std::uint32_t least = 1000;
      std::uint32_t most = 0;
      for (const auto& [site, blocks] : owned) {
        least = std::min(least, blocks);
        most = std::max(most, blocks);
      }
      EXPECT_EQ(owned.size(), sites.size());
      for (const SiteId site : sites) EXPECT_TRUE(owned.contains(site)) << site;
      EXPECT_LE(most - least, 1U) << sites.size() << " sites, buckets of " << bucket;
    }
  }
}

TEST(Schedule, PiecesNeverCrossABucket) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, kWithGaps, 100 * kBlockElements, 8});
  for (const wire::Piece& piece : schedule.pieces) EXPECT_EQ(piece.blocks.first / 8, (piece.blocks.last - 1) / 8);
}

TEST(Schedule, AFragmentSmallerThanTheNumberOfSitesStillWorks) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, kWithGaps, 10, 0});
  ASSERT_TRUE(validate(schedule, kWithGaps, 10));
  EXPECT_THAT(schedule.pieces, testing::ElementsAre(wire::Piece{{0, 1}, SiteId{1}}));
}

TEST(Schedule, ChunksAreAtMostChunkBlocksAndInOrder) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, kThree, 100 * kBlockElements, 0});
  std::uint32_t at = 0;
  for (const ChunkSlot& slot : chunks_of(schedule)) {
    EXPECT_EQ(slot.blocks.first, at);
    EXPECT_LE(slot.blocks.size(), kChunkBlocks);
    at = slot.blocks.last;
  }
  EXPECT_EQ(at, 100U);
}

TEST(Schedule, BadSchedulesFromTheWireAreRefused) {
  const std::uint64_t elements = 10 * kBlockElements;
  const wire::Schedule good = make_schedule({Reduction::owners, kTwo, elements, 0});
  ASSERT_TRUE(validate(good, kTwo, elements));
  EXPECT_FALSE(validate(good, kTwo, elements + 1));
  EXPECT_FALSE(validate(good, Sites{SiteId{0}}, elements)) << "owner outside the members";
  const Sites others = {SiteId{0}, SiteId{2}};
  EXPECT_FALSE(validate(good, others, elements)) << "the number of members is right, but not who they are";
  wire::Schedule gap = good;
  gap.pieces[1].blocks.first += 1;
  EXPECT_FALSE(validate(gap, kTwo, elements));
  wire::Schedule brief = good;
  brief.pieces.resize(1);
  EXPECT_FALSE(validate(brief, kTwo, elements));
  wire::Schedule empty = good;
  empty.pieces[0].blocks = {0, 0};
  EXPECT_FALSE(validate(empty, kTwo, elements));
  wire::Schedule huge = good;
  huge.chunk_blocks = 100000;
  EXPECT_FALSE(validate(huge, kTwo, elements));
}

TEST(Schedule, AGatherNeedsNoOwners) {
  const wire::Schedule gather = make_schedule({Reduction::gather, kWithGaps, 100 * kBlockElements, 8});
  EXPECT_TRUE(validate(gather, kWithGaps, 100 * kBlockElements));
  EXPECT_EQ(gather.pieces.size(), 13U);
  wire::Schedule owned = gather;
  owned.pieces[3].owner = SiteId{4};
  EXPECT_FALSE(validate(owned, kWithGaps, 100 * kBlockElements));
}

TEST(Schedule, EverySlotIsSentOnceTheNextOwnersFirst) {
  const auto slots = chunks_of(make_schedule({Reduction::owners, kWithGaps, 100 * kBlockElements, 0}));
  const auto order = sending_order(slots, SiteId{4}, 10);
  std::vector<bool> seen(slots.size());
  for (const std::size_t slot : order) seen[slot] = true;
  EXPECT_THAT(seen, testing::Each(true));
  ASSERT_EQ(order.size(), slots.size());
  EXPECT_EQ(slots[order[0]].owner, SiteId{9});
  EXPECT_EQ(slots[order[1]].owner, SiteId{1}) << "in turns";
  EXPECT_EQ(slots[order[2]].owner, SiteId{4}) << "itself after the others";
  EXPECT_EQ(slots[order[3]].owner, SiteId{9});
  EXPECT_EQ(slots[order.back()].owner, SiteId{4});
}

TEST(Schedule, EachOwnerGetsItsSlotsEvenlyOverTheWholeTime) {
  std::vector<ChunkSlot> slots;
  for (std::uint32_t i = 0; i < 80; ++i) slots.push_back({{i, i + 1}, SiteId{static_cast<std::uint16_t>(i < 60 ? 1 : 2)}});
  const auto order = sending_order(slots, SiteId{0}, 3);
  ASSERT_EQ(order.size(), 80U);
  for (std::size_t sent = 4; sent <= 80; sent += 4) {
    const auto to_the_larger = std::count_if(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(sent),
                                             [&](std::size_t slot) { return slots[slot].owner == SiteId{1}; });
    EXPECT_NEAR(static_cast<double>(to_the_larger), 0.75 * static_cast<double>(sent), 1) << "of the first " << sent;
  }
}

TEST(Schedule, RoutesFromTheWireThatLeadNowhereAreRefused) {
  const std::uint64_t elements = 10 * kBlockElements;
  wire::Schedule good = make_schedule({Reduction::owners, kWithGaps, elements, 0});
  good.routes = {{.from = SiteId{1}, .to = SiteId{4}, .rate = 1'000'000, .ways = {{{}, 40'000}, {{SiteId{9}}, 25'536}}},
                 {.from = SiteId{1}, .to = SiteId{9}, .rate = 0, .ways = {}}};
  ASSERT_TRUE(validate(good, kWithGaps, elements));
  ASSERT_NE(find_route(good, SiteId{1}, SiteId{9}), nullptr);
  EXPECT_EQ(find_route(good, SiteId{9}, SiteId{1}), nullptr) << "not named: direct";
  const auto refused = [&](const std::string& why, const auto& change) {
    wire::Schedule bad = good;
    change(bad.routes);
    const Result<void> valid = validate(bad, kWithGaps, elements);
    ASSERT_FALSE(valid) << why;
    EXPECT_THAT(valid.error().what, testing::HasSubstr(why));
  };
  using Routes = std::vector<wire::Route>;
  refused("not its whole", [](Routes& routes) { routes[0].ways[0].parts -= 1; });
  refused("out of range", [](Routes& routes) { routes[0].ways[0].parts = 0; });
  refused("out of range", [](Routes& routes) { routes[0].ways[0].parts = 0xffffffff; });
  refused("relay that is not a member", [](Routes& routes) { routes[0].ways[1].relays = {SiteId{2}}; });
  refused("twice", [](Routes& routes) { routes[0].ways[1].relays = {SiteId{1}}; });
  refused("twice", [](Routes& routes) { routes[0].ways[1].relays = {SiteId{4}}; });
  refused("twice", [](Routes& routes) { routes[0].ways[1].relays = {SiteId{9}, SiteId{9}}; });
  refused("more than two relays", [](Routes& routes) { routes[0].ways[1].relays = {SiteId{9}, SiteId{4}, SiteId{9}}; });
  refused("ways are not in order", [](Routes& routes) { routes[0].ways[1].relays = {}; });
  refused("not between two members", [](Routes& routes) { routes[0].to = SiteId{1}; });
  refused("not between two members", [](Routes& routes) { routes[0].from = SiteId{2}; });
  refused("routes are not in order", [](Routes& routes) { routes[1].to = SiteId{4}; });
  refused("too many ways", [](Routes& routes) { routes[0].ways.resize(5000); });
}

}  // namespace
}  // namespace intertie::reduce
