#include "intertie/base/block.h"

#include <gtest/gtest.h>

namespace intertie {
namespace {

TEST(Block, CountsBlocksOfAFragment) {
  EXPECT_EQ(blocks_of(0), 0U);
  EXPECT_EQ(blocks_of(1), 1U);
  EXPECT_EQ(blocks_of(4096), 1U);
  EXPECT_EQ(blocks_of(4097), 2U);
}

TEST(Block, TheLastBlockMayBeShort) {
  EXPECT_EQ(elements_of({0, 1}, 5000), (ElementRange{0, 4096}));
  EXPECT_EQ(elements_of({1, 2}, 5000), (ElementRange{4096, 5000}));
  EXPECT_EQ(elements_of({0, 2}, 5000).size(), 5000U);
  EXPECT_EQ(elements_of({2, 3}, 5000).size(), 0U);
}

TEST(Block, LargeFragmentsDoNotWrapAround) {
  const std::uint64_t elements = std::uint64_t{1} << 40U;
  EXPECT_EQ(elements_of({0, blocks_of(elements)}, elements), (ElementRange{0, elements}));
}

}  // namespace
}  // namespace intertie
