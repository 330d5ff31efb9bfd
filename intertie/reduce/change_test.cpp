#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/reduce/executions_fixture.h"

namespace intertie::reduce {
namespace {

using wire::MergeOrder;
using wire::OrderKind;
using wire::Reduction;

constexpr std::uint64_t kManyBlocks = 24 * kBlockElements + 5;

Executions::Case case_of(Reduction reduction, std::initializer_list<std::uint16_t> members) {
  return {reduction, sites_numbered(members), kManyBlocks, Encoding::bf16, 6};
}

MergeOrder order_of(OrderKind kind, const std::vector<SiteId>& set, const std::vector<SiteId>& survivors,
                    std::vector<wire::ChunkSource> sources = {}) {
  MergeOrder order{.merge = Executions::kMerge, .kind = kind, .set = {}, .survivors = survivors, .sources = std::move(sources)};
  for (const SiteId site : set) order.set.push_back({site, Executions::incarnation_of(site)});
  return order;
}

void expect_bits(Executions& world, const std::vector<SiteId>& survivors, const std::vector<SiteId>& set) {
  const std::vector<float> expected = world.expected(set);
  for (const SiteId site : survivors) {
    EXPECT_TRUE(world.at(site.value).committed()) << "site " << site;
    EXPECT_TRUE(same_bits(world.at(site.value).result(), expected)) << "site " << site;
  }
}

std::vector<SiteId> owners_at(Executions& world, std::uint16_t site) {
  std::vector<SiteId> owners;
  for (const ChunkSlot& slot : world.at(site).slots()) owners.push_back(slot.owner);
  return owners;
}

std::size_t num_requests(const Executions& world) {
  return static_cast<std::size_t>(std::count_if(world.in_flight_.begin(), world.in_flight_.end(), [](const auto& each) {
    return std::holds_alternative<wire::ChunkRequest>(each.send.message);
  }));
}

void everybody_offers_everything(Executions& world) {
  for (const SiteId site : world.case_.members) world.offer_all(site.value);
  world.deliver_all();
}

TEST(ChangeOfAMerge, ADeadOwnersChunksGoToTheSurvivorsInSiteOrder) {
  Executions world(case_of(Reduction::owners, {1, 3, 4, 7}), 1);
  const std::vector<SiteId> before = owners_at(world, 1);
  const std::vector<SiteId> survivors = sites_numbered({1, 4, 7});
  world.kill(3);
  world.order(order_of(OrderKind::resum, survivors, survivors));
  const std::vector<SiteId> after = owners_at(world, 1);
  std::size_t turn = 0;
  for (std::size_t slot = 0; slot < before.size(); ++slot) {
    EXPECT_EQ(after[slot], before[slot] == SiteId{3} ? survivors[turn++ % 3] : before[slot]) << "slot " << slot;
  }
  EXPECT_GE(turn, 3U) << "everybody gets one";
  EXPECT_EQ(owners_at(world, 4), after);
  EXPECT_EQ(owners_at(world, 7), after);
}

TEST(ChangeOfAMerge, OwnersAfterTwoOrdersAreThoseOfTheLastAlone) {
  Executions twice(case_of(Reduction::owners, {0, 1, 2, 3, 4}), 1);
  Executions once(case_of(Reduction::owners, {0, 1, 2, 3, 4}), 1);
  const std::vector<SiteId> survivors = sites_numbered({0, 2, 4});
  const MergeOrder last = order_of(OrderKind::resum, survivors, survivors);
  twice.order(order_of(OrderKind::resum, sites_numbered({0, 1, 2, 4}), sites_numbered({0, 1, 2, 4})));
  twice.order(last);
  once.order(last);
  EXPECT_EQ(owners_at(twice, 4), owners_at(once, 4));
}

TEST(ChangeOfAMerge, SurvivorsSumAgainWithoutTheDeadWhateverWasOnItsWay) {
  const std::vector<SiteId> survivors = sites_numbered({0, 2, 3});
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Executions world(case_of(Reduction::owners, {0, 1, 2, 3}), seed);
    for (const std::uint16_t site : {0, 2, 3}) world.offer_all(site);
    const std::size_t arrive = seed * world.in_flight_.size() / 20;
    for (std::size_t i = 0; i < arrive; ++i) world.deliver_one();
    world.kill(1);
    world.order(order_of(OrderKind::resum, survivors, survivors));
    world.deliver_all();
    expect_bits(world, survivors, survivors);
  }
}

TEST(ChangeOfAMerge, ASurvivorThatOffersOnlyAfterTheOrderSendsToTheNewOwners) {
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 3);
  world.offer_all(0);
  world.deliver_all();
  world.kill(1);
  world.order(order_of(OrderKind::resum, survivors, survivors));
  world.deliver_all();
  EXPECT_FALSE(world.at(0).committed());
  world.offer_all(2);
  world.deliver_all();
  expect_bits(world, survivors, survivors);
}

TEST(ChangeOfAMerge, AResultOfThePresumedSetDoesNotCountOnceAnotherIsOrdered) {
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 4);
  everybody_offers_everything(world);
  ASSERT_TRUE(world.at(0).committed());
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  const wire::OpenMerge before = world.at(0).holdings();
  const std::vector<SiteId> owners = owners_at(world, 0);
  world.order_at(SiteId{0}, order_of(OrderKind::resum, survivors, survivors));
  EXPECT_FALSE(world.at(0).committed()) << "every block again";
  EXPECT_TRUE(before.results.has(0));
  const wire::OpenMerge after = world.at(0).holdings();
  for (std::size_t slot = 0; slot < world.num_slots(); ++slot) {
    EXPECT_EQ(after.results.has(slot), owners[slot] == SiteId{0}) << "slot " << slot << ": it can sum its own at once";
  }
  EXPECT_EQ(after.set.size(), 2U);
  EXPECT_EQ(after.members.size(), 3U) << "those who make it are the same";
}

TEST(ChangeOfAMerge, ResultsThatCameEarlyCountOnceTheirSetIsOrdered) {
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 5);
  for (const std::uint16_t site : {0, 2}) world.offer_all(site);
  world.deliver_all();
  world.kill(1);
  const MergeOrder order = order_of(OrderKind::resum, survivors, survivors);
  // Site 2 hears of the order only after all that site 0 sums by it has come.
  world.order_at(SiteId{0}, order);
  world.deliver_all();
  const wire::OpenMerge waiting = world.at(2).holdings();
  for (std::size_t slot = 0; slot < world.num_slots(); ++slot) EXPECT_FALSE(waiting.results.has(slot));
  world.order_at(SiteId{2}, order);
  std::size_t num_early = 0;
  const wire::OpenMerge given = world.at(0).holdings();
  for (std::size_t slot = 0; slot < world.num_slots(); ++slot) {
    if (!given.results.has(slot)) continue;
    ++num_early;
    EXPECT_TRUE(world.at(2).holdings().results.has(slot)) << "slot " << slot;
  }
  EXPECT_GT(num_early, 0U);
  world.deliver_all();
  expect_bits(world, survivors, survivors);
}

TEST(ChangeOfAMerge, AResultThatCameEarlyOutlivesALateOneOfThePresumedSet) {
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 5);
  const std::size_t slot = 0;
  ASSERT_EQ(world.at(0).slots()[slot].owner, SiteId{0});
  for (const std::uint16_t site : {0, 1, 2}) world.offer(SiteId{site}, slot);
  world.lose_unless([](const auto& each) { return each.send.to == SiteId{0}; });
  world.deliver_one();
  world.deliver_one();
  // Site 0's result of all three is on its way to site 2 while the order comes to site 0, and what it sums then is faster.
  const auto late = std::find_if(world.in_flight_.begin(), world.in_flight_.end(),
                                 [](const auto& each) { return each.send.to == SiteId{2}; });
  ASSERT_NE(late, world.in_flight_.end());
  const Executions::InFlight held = *late;
  world.in_flight_.clear();
  world.kill(1);
  const MergeOrder order = order_of(OrderKind::resum, survivors, survivors);
  world.order_at(SiteId{0}, order);
  world.deliver_all();
  world.in_flight_.push_back(held);
  world.deliver_all();
  EXPECT_TRUE(world.at(2).holdings().results.has(slot)) << "it cannot know better yet";
  world.order_at(SiteId{2}, order);
  world.deliver_all();
  EXPECT_TRUE(world.at(2).holdings().results.has(slot)) << "site 0 has sent it, and sends it once";
}

TEST(ChangeOfAMerge, AResultThatCameEarlyOutlivesALateOneOfASetBeforeTheLast) {
  Executions world(case_of(Reduction::owners, {0, 1, 2, 3}), 5);
  const std::size_t slot = 0;
  ASSERT_EQ(world.at(0).slots()[slot].owner, SiteId{0});
  for (const std::uint16_t site : {0, 1, 2, 3}) world.offer(SiteId{site}, slot);
  const auto is_result_to_3 = [](const auto& each) {
    return each.send.to == SiteId{3} && std::get<wire::Chunk>(each.send.message).kind == wire::ChunkKind::result;
  };
  while (std::none_of(world.in_flight_.begin(), world.in_flight_.end(), is_result_to_3)) world.deliver_one();
  world.lose_unless(is_result_to_3);
  const std::vector<Executions::InFlight> late = std::exchange(world.in_flight_, {});
  world.kill(1);
  const MergeOrder first = order_of(OrderKind::resum, sites_numbered({0, 2, 3}), sites_numbered({0, 2, 3}));
  world.order(first);
  world.in_flight_.clear();
  world.kill(2);
  const MergeOrder second = order_of(OrderKind::resum, sites_numbered({0, 3}), sites_numbered({0, 3}));
  world.order_at(SiteId{0}, second);
  world.deliver_all();
  world.in_flight_ = late;
  world.deliver_all();
  world.order_at(SiteId{3}, second);
  world.deliver_all();
  EXPECT_TRUE(world.at(3).holdings().results.has(slot)) << "site 0 has sent it, and sends it once";
}

TEST(ChangeOfAMerge, WhoeverIsDoneFirstStillGivesWhatTheOthersNeedOfADeadSite) {
  Executions world(case_of(Reduction::gather, {0, 1, 2}), 7);
  for (const std::uint16_t site : {0, 1, 2}) world.offer_all(site);
  // The dead site's contribution came to site 0 alone, and site 2's has not come yet.
  const auto to_site_0 = [](const auto& each) { return each.from == SiteId{1} && each.send.to == SiteId{0}; };
  const std::vector<Executions::InFlight> before = world.in_flight_;
  world.lose_unless(to_site_0);
  world.deliver_all();
  for (const auto& each : before) {
    if (each.from != SiteId{1}) world.in_flight_.push_back(each);
  }
  world.kill(1);
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  const auto num = static_cast<std::uint32_t>(world.num_slots());
  const MergeOrder order = order_of(OrderKind::resum, sites_numbered({0, 1, 2}), survivors, {{SiteId{1}, 0, num, SiteId{0}}});
  world.order_at(SiteId{0}, order);
  world.deliver_all();
  ASSERT_TRUE(world.at(0).committed());
  world.at(0).forget_contributions();  // it has applied the result
  world.order_at(SiteId{2}, order);
  world.deliver_all();
  expect_bits(world, survivors, sites_numbered({0, 1, 2}));
}

TEST(ChangeOfAMerge, WhoeverLacksAdoptedResultsAsksWhoHasThem) {
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 6);
  for (const std::uint16_t site : {0, 1, 2}) world.offer_all(site);
  world.lose_unless([](const auto& each) {
    const auto& chunk = std::get<wire::Chunk>(each.send.message);
    return chunk.kind == wire::ChunkKind::contribution;
  });
  while (!world.in_flight_.empty()) {
    world.deliver_one();
    world.lose_unless([](const auto& each) {
      const auto* chunk = std::get_if<wire::Chunk>(&each.send.message);
      return chunk->kind == wire::ChunkKind::contribution || each.send.to == SiteId{0};
    });
  }
  ASSERT_TRUE(world.at(0).committed());
  ASSERT_FALSE(world.at(2).committed()) << "it has only what it sums itself";
  world.kill(1);
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  const auto num = static_cast<std::uint32_t>(world.num_slots());
  world.order(order_of(OrderKind::adopt, sites_numbered({0, 1, 2}), survivors, {{SiteId{0}, 0, num, SiteId{0}}}));
  EXPECT_EQ(num_requests(world), 1U) << "site 0 lacks nothing";
  world.deliver_all();
  expect_bits(world, survivors, sites_numbered({0, 1, 2}));
}

TEST(ChangeOfAMerge, ADeadSitesContributionIsPassedOnWhereTheSumNeedsIt) {
  for (const Reduction reduction : {Reduction::gather, Reduction::owners}) {
    Executions world(case_of(reduction, {0, 1, 2, 3}), 7);
    for (const std::uint16_t site : {0, 1, 2, 3}) world.offer_all(site);
    // Of the dead site's contribution, a part came to site 0 and the rest to site 3.
    const std::size_t half = world.num_slots() / 2;
    const std::vector<ChunkSlot> slots = world.at(0).slots();
    world.lose_unless([](const auto& each) { return each.from != SiteId{1}; });
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      wire::ChunkRequest all{.merge = Executions::kMerge, .author = SiteId{1}, .chunks = wire::ChunkSet(slots.size())};
      all.chunks.add(slot);
      Sends sends;
      ASSERT_TRUE(world.at(1).serve(SiteId{0}, all, sends));
      ASSERT_EQ(sends.size(), 1U);
      Sends none;
      ASSERT_TRUE(world.at(slot < half ? 0 : 3).receive(std::get<wire::Chunk>(sends[0].message), none));
    }
    world.kill(1);
    const std::vector<SiteId> survivors = sites_numbered({0, 2, 3});
    const auto first = static_cast<std::uint32_t>(half);
    const auto last = static_cast<std::uint32_t>(slots.size());
    world.order(order_of(OrderKind::resum, sites_numbered({0, 1, 2, 3}), survivors,
                         {{SiteId{1}, 0, first, SiteId{0}}, {SiteId{1}, first, last, SiteId{3}}}));
    world.deliver_all();
    expect_bits(world, survivors, sites_numbered({0, 1, 2, 3}));
  }
}

TEST(ChangeOfAMerge, AGatherGoesOnWithWhatIsLeft) {
  Executions world(case_of(Reduction::gather, {0, 1, 2}), 8);
  for (const std::uint16_t site : {0, 2}) world.offer_all(site);
  world.deliver_all();
  EXPECT_FALSE(world.at(0).committed());
  world.kill(1);
  const std::vector<SiteId> survivors = sites_numbered({0, 2});
  world.order(order_of(OrderKind::resum, survivors, survivors));
  EXPECT_TRUE(world.in_flight_.empty()) << "everything is here already";
  expect_bits(world, survivors, survivors);
}

TEST(ChangeOfAMerge, ServesOnlyWhatIsHereAndOnlyOfMembers) {
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 9);
  world.offer(SiteId{0}, 0);
  wire::ChunkRequest request{.kind = wire::ChunkKind::contribution,
                             .merge = Executions::kMerge,
                             .author = SiteId{0},
                             .chunks = wire::ChunkSet(world.num_slots())};
  request.chunks.add(0);
  request.chunks.add(1);
  Sends sends;
  ASSERT_TRUE(world.at(0).serve(SiteId{2}, request, sends));
  ASSERT_EQ(sends.size(), 1U);
  EXPECT_EQ(std::get<wire::Chunk>(sends[0].message).blocks, world.at(0).slots()[0].blocks);
  request.kind = wire::ChunkKind::result;
  sends.clear();
  ASSERT_TRUE(world.at(0).serve(SiteId{2}, request, sends));
  EXPECT_TRUE(sends.empty()) << "nothing is summed yet";
  request.kind = wire::ChunkKind::contribution;
  request.author = SiteId{9};
  const auto refused = world.at(0).serve(SiteId{2}, request, sends);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("asks for the contribution of a site that has no say"));
}

TEST(ChangeOfAMerge, HoldingsSayWhichChunksOfWhomAreHere) {
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 10);
  world.offer(SiteId{0}, 1);
  world.offer_all(2);
  world.deliver_all();
  const wire::OpenMerge held = world.at(0).holdings();
  EXPECT_EQ(held.merge, Executions::kMerge);
  EXPECT_EQ(held.num_chunks, world.num_slots());
  ASSERT_EQ(held.contributions.size(), 3U);
  for (std::size_t slot = 0; slot < world.num_slots(); ++slot) {
    EXPECT_EQ(held.contributions[0].has(slot), slot == 1) << slot;
    EXPECT_FALSE(held.contributions[1].has(slot)) << slot;
    EXPECT_EQ(held.contributions[2].has(slot), world.at(0).slots()[slot].owner == SiteId{0}) << slot;
    EXPECT_FALSE(held.results.has(slot)) << slot;
  }
  EXPECT_EQ(held.set, held.members);
  EXPECT_EQ(held.members.at(2), (wire::MemberRecord{SiteId{2}, Executions::incarnation_of(SiteId{2})}));
}

TEST(ChangeOfAMerge, AfterAnApplyOnlyTheResultIsLeftToGive) {
  Executions world(case_of(Reduction::owners, {0, 1, 2}), 11);
  everybody_offers_everything(world);
  world.at(0).forget_contributions();
  const wire::OpenMerge held = world.at(0).holdings();
  for (std::size_t slot = 0; slot < world.num_slots(); ++slot) {
    EXPECT_TRUE(held.results.has(slot));
    EXPECT_FALSE(held.contributions[0].has(slot));
  }
  EXPECT_TRUE(same_bits(world.at(0).result(), world.expected(world.case_.members)));
}

}  // namespace
}  // namespace intertie::reduce
