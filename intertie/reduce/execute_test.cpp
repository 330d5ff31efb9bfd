#include "intertie/reduce/execute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/reduce/executions_fixture.h"
#include "intertie/reduce/maps_fixture.h"

namespace intertie::reduce {
namespace {

using wire::Reduction;

// Everybody offers everything and everything arrives, mixed at random.
void run_to_the_end(Executions& world) {
  std::vector<std::pair<SiteId, std::size_t>> offers;
  for (const SiteId site : world.case_.members) {
    for (std::size_t slot = 0; slot < world.num_slots(); ++slot) offers.emplace_back(site, slot);
  }
  for (std::size_t i = offers.size(); i > 1; --i) std::swap(offers[i - 1], offers[world.random_.below(i)]);
  while (!offers.empty() || !world.in_flight_.empty()) {
    if (!offers.empty() && (world.in_flight_.empty() || world.random_.below(2) == 0)) {
      world.offer(offers.back().first, offers.back().second);
      offers.pop_back();
    } else {
      world.deliver_one();
    }
  }
}

class ExecutionCases : public testing::TestWithParam<Executions::Case> {};

TEST_P(ExecutionCases, EverySiteGetsTheBitsOfTheSumInSiteOrderWhateverTheOrderOfArrival) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    Executions world(GetParam(), seed);
    run_to_the_end(world);
    const std::vector<float> expected = world.expected(world.case_.members);
    for (const auto& [site, execution] : world.sites_) {
      EXPECT_TRUE(execution->committed());
      EXPECT_TRUE(same_bits(execution->result(), expected)) << "site " << site << ", seed " << seed;
    }
  }
}

TEST_P(ExecutionCases, SendsExactlyTheBytesThatTheCostTableSays) {
  Executions world(GetParam(), 3);
  run_to_the_end(world);
  const double num_sites = static_cast<double>(world.case_.members.size());
  const double size = codec::bytes_per_element(world.case_.encoding);
  const Cost cost = predict(world.schedule_, mesh_of(world.case_.members), {size, size});
  double sent = 0;
  for (const Bytes& of_site : cost.sent) sent += static_cast<double>(of_site.value);
  // A short group at the end has a whole scale and whole bytes, wherever it is sent.
  const double short_groups = world.case_.encoding > Encoding::bf16 ? 2.0 * num_sites * num_sites : 0;
  EXPECT_NEAR(static_cast<double>(world.bytes_sent_), sent, num_sites + short_groups);
}

TEST_P(ExecutionCases, DuplicatesAreDroppedAndCounted) {
  Executions world(GetParam(), 5);
  world.duplicate_everything_ = true;
  run_to_the_end(world);
  std::uint64_t duplicates = 0;
  for (const auto& [site, execution] : world.sites_) {
    duplicates += execution->num_duplicates();
    EXPECT_TRUE(same_bits(execution->result(), world.expected(world.case_.members)));
  }
  EXPECT_EQ(duplicates > 0, world.case_.members.size() > 1);
}

constexpr std::uint64_t kElements = 100 * kBlockElements + 123;
INSTANTIATE_TEST_SUITE_P(
    Execution, ExecutionCases,
    testing::Values(Executions::Case{Reduction::gather, sites_numbered({0}), kElements, Encoding::f32, 0},
                    Executions::Case{Reduction::gather, sites_numbered({0, 1}), kElements, Encoding::f32, 0},
                    Executions::Case{Reduction::gather, sites_numbered({1, 2, 5}), kElements, Encoding::bf16, 0},
                    Executions::Case{Reduction::owners, sites_numbered({0, 1, 2}), kElements, Encoding::f32, 0},
                    Executions::Case{Reduction::owners, sites_numbered({1, 3, 4, 7}), kElements, Encoding::bf16, 20},
                    Executions::Case{Reduction::gather, sites_numbered({0, 2, 3}), kElements, Encoding::fp4, 5},
                    Executions::Case{Reduction::owners, sites_numbered({0, 1, 2}), kElements, Encoding::int8, 10},
                    Executions::Case{Reduction::owners, sites_numbered({0, 1, 2, 3, 4}), 3 * kBlockElements, Encoding::f32,
                                     0}));

class ExecutionMisfits : public testing::Test {
 protected:
  ExecutionMisfits() : world({Reduction::owners, sites_numbered({0, 1, 2}), kElements, Encoding::f32, 0}, 1) {
    EXPECT_EQ(world.at(0).slots()[0].owner, SiteId{0});
    const std::size_t size = codec::encoded_size(Encoding::f32, kChunkBlocks * kBlockElements);
    good = {.kind = wire::ChunkKind::contribution,
            .merge = Executions::kMerge,
            .site = SiteId{1},
            .incarnation = Incarnation{1},
            .contribution = Contribution{1},
            .blocks = {0, kChunkBlocks},
            .payload = SharedBytes(std::vector<std::byte>(size))};
  }
  std::string refusal(const wire::Chunk& chunk, std::uint16_t at = 0) {
    Sends sends;
    const auto result = world.at(at).receive(chunk, sends);
    EXPECT_TRUE(sends.empty());
    return result ? "accepted" : result.error().message();
  }
  Executions world;
  wire::Chunk good;
};

TEST_F(ExecutionMisfits, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(refusal(good), "accepted");
  wire::Chunk chunk = good;
  chunk.merge.version = Version{8};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another merge"));
  chunk = good;
  chunk.restart = Restart{1};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another merge or restart"));
  chunk = good;
  chunk.lane = Lane{1};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("a lane that this run does not have"));
  chunk = good;
  chunk.site = SiteId{9};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("no say"));
  chunk = good;
  chunk.blocks = {1, kChunkBlocks};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("no chunk of the schedule"));
  chunk = good;
  chunk.encoding = Encoding::bf16;
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("unexpected encoding bf16"));
  chunk.kind = wire::ChunkKind::result;
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("unexpected encoding bf16"));
  chunk = good;
  chunk.payload = chunk.payload.slice(0, 100);
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another size"));
}

TEST_F(ExecutionMisfits, WhatOthersClaimToBeOnesOwnContributionIsNotTaken) {
  good.site = SiteId{0};
  EXPECT_EQ(refusal(good), "accepted");
  EXPECT_EQ(world.at(0).num_duplicates(), 1U);
  EXPECT_FALSE(world.at(0).holdings().contributions[0].has(0));
  run_to_the_end(world);
  EXPECT_TRUE(same_bits(world.at(2).result(), world.expected(world.case_.members)));
}

TEST_F(ExecutionMisfits, AResultOfAnotherSetDoesNotCount) {
  good.kind = wire::ChunkKind::result;
  good.set = Hash64{42};
  EXPECT_EQ(refusal(good, 2), "accepted") << "it may become the ordered one";
  EXPECT_FALSE(world.at(2).holdings().results.has(0));
  run_to_the_end(world);
  EXPECT_TRUE(world.at(2).committed());
  EXPECT_TRUE(same_bits(world.at(2).result(), world.expected(world.case_.members)));
}

TEST_F(ExecutionMisfits, SaysWhomItWaitsFor) {
  EXPECT_GT(world.at(0).num_missing_from(SiteId{1}), 0U);
  EXPECT_EQ(world.at(0).num_missing_from(SiteId{9}), 0U);
  run_to_the_end(world);
  EXPECT_EQ(world.at(0).num_missing_from(SiteId{1}), 0U);
}

}  // namespace
}  // namespace intertie::reduce
