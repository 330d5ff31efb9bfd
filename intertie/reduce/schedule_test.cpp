#include "intertie/reduce/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace intertie::reduce {
namespace {

using wire::Reduction;

TEST(Schedule, SharesDifferByAtMostOneBlockOverAllBuckets) {
  for (const std::uint16_t sites : {std::uint16_t{3}, std::uint16_t{4}, std::uint16_t{7}}) {
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
      EXPECT_EQ(owned.size(), sites);
      EXPECT_LE(most - least, 1U) << sites << " sites, buckets of " << bucket;
    }
  }
}

TEST(Schedule, PiecesNeverCrossABucket) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, 3, 100 * kBlockElements, 8});
  for (const wire::Piece& piece : schedule.pieces) EXPECT_EQ(piece.blocks.first / 8, (piece.blocks.last - 1) / 8);
}

TEST(Schedule, AFragmentSmallerThanTheNumberOfSitesStillWorks) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, 5, 10, 0});
  ASSERT_TRUE(validate(schedule, 5, 10));
  EXPECT_THAT(schedule.pieces, testing::SizeIs(1));
}

TEST(Schedule, ChunksAreAtMostChunkBlocksAndInOrder) {
  const wire::Schedule schedule = make_schedule({Reduction::owners, 3, 100 * kBlockElements, 0});
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
  const wire::Schedule good = make_schedule({Reduction::owners, 2, elements, 0});
  ASSERT_TRUE(validate(good, 2, elements));
  EXPECT_FALSE(validate(good, 2, elements + 1));
  EXPECT_FALSE(validate(good, 1, elements)) << "owner outside the members";
  wire::Schedule gap = good;
  gap.pieces[1].blocks.first += 1;
  EXPECT_FALSE(validate(gap, 2, elements));
  wire::Schedule brief = good;
  brief.pieces.resize(1);
  EXPECT_FALSE(validate(brief, 2, elements));
  wire::Schedule empty = good;
  empty.pieces[0].blocks = {0, 0};
  EXPECT_FALSE(validate(empty, 2, elements));
  wire::Schedule huge = good;
  huge.chunk_blocks = 100000;
  EXPECT_FALSE(validate(huge, 2, elements));
}

TEST(Schedule, PredictionsFollowTheCostTable) {
  const std::uint64_t elements = 1 << 20;
  const BitRate rate{100e6};
  const Duration delay = std::chrono::milliseconds(20);
  const Cost owners = predict(make_schedule({Reduction::owners, 3, elements, 0}), 3, {4, 4}, {rate, delay});
  EXPECT_EQ(owners.sent_per_site.value, 4U * elements * 4 / 3);
  EXPECT_NEAR(static_cast<double>(owners.time.count()), 4.0 / 3 * 4 * elements * 8 / 100e6 * 1e9 + 40e6, 1e3);
  const Cost gather = predict(make_schedule({Reduction::gather, 2, elements, 0}), 2, {2, 2}, {rate, delay});
  EXPECT_EQ(gather.sent_per_site.value, 2U * elements);
}

}  // namespace
}  // namespace intertie::reduce
