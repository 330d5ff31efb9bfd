#include "intertie/outer/weights.h"

#include <gtest/gtest.h>

namespace intertie::outer {
namespace {

using Tokens = std::vector<std::uint64_t>;

TEST(Weights, AreSharesOfTheTokens) {
  EXPECT_EQ(weights(Tokens{1, 1}), (std::vector<float>{0.5F, 0.5F}));
  EXPECT_EQ(weights(Tokens{1, 3}), (std::vector<float>{0.25F, 0.75F}));
  EXPECT_EQ(weights(Tokens{0, 7, 0}), (std::vector<float>{0, 1, 0}));
}

TEST(Weights, OneContributionHasExactlyOne) {
  for (const std::uint64_t tokens : {std::uint64_t{1}, std::uint64_t{23'040}, (std::uint64_t{1} << 53U) + 1, UINT64_MAX}) {
    EXPECT_EQ(weights(Tokens{tokens}), std::vector<float>{1.0F}) << tokens;
  }
}

TEST(Weights, AreRoundedOnceFromF64) {
  EXPECT_EQ(weights(Tokens{1, 2}), (std::vector<float>{static_cast<float>(1.0 / 3), static_cast<float>(2.0 / 3)}));
  const auto many = weights(Tokens(7, 123'456'789));
  for (const float weight : many) EXPECT_EQ(weight, static_cast<float>(1.0 / 7));
}

TEST(WeightsDeathTest, SomebodyMustHaveTrained) {
  EXPECT_DEATH(weights(Tokens{}), "sum");
  EXPECT_DEATH(weights(Tokens{0, 0}), "sum");
  EXPECT_DEATH(weights(Tokens{UINT64_MAX, 1}), "count") << "the sum does not fit";
}

}  // namespace
}  // namespace intertie::outer
