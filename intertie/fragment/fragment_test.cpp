#include "intertie/fragment/fragment.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

namespace intertie::fragment {
namespace {

using Values = std::vector<float>;
constexpr std::size_t kSize = 37;

std::vector<std::uint32_t> bits(const Values& values) {
  std::vector<std::uint32_t> result;
  for (const float value : values) result.push_back(std::bit_cast<std::uint32_t>(value));
  return result;
}

Values random_values(std::mt19937& random) {
  std::normal_distribution<float> normal;
  Values values(kSize);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(Fragment, WholeModelIsOneFragment) {
  EXPECT_EQ(whole_model(1000), (std::vector<Fragment>{{.id = FragmentId{0}, .range = {0, 1000}}}));
}

TEST(Fragment, OuterGradientIsBaseMinusSnapshotAlsoInPlace) {
  Values snapshot = {1, 2, 3};
  outer_gradient(Values{5, 5, 5}, snapshot, snapshot);
  EXPECT_EQ(snapshot, (Values{4, 3, 2}));
}

TEST(Fragment, WhoWaitsGetsTheAnchorBitForBit) {
  std::mt19937 random(1);
  Values snapshot = random_values(random), anchor = random_values(random), base = random_values(random);
  anchor[0] = -0.0F, anchor[1] = 0x1p-149F, anchor[2] = 0.0F;
  snapshot[3] = -0.0F, snapshot[4] = 0x1p-149F;
  Values theta = snapshot;
  rebase_included(theta, snapshot, anchor, base);
  EXPECT_EQ(bits(theta), bits(anchor));
  EXPECT_EQ(bits(base), bits(anchor));
}

TEST(Fragment, AnAnchorThatStaysMovesNothing) {
  std::mt19937 random(2);
  const Values anchor = random_values(random);
  Values theta = random_values(random), base = random_values(random);
  theta[0] = -0.0F, base[1] = -0.0F;
  const Values theta_before = theta, base_before = base;
  rebase_not_included(theta, base, anchor, anchor);
  EXPECT_EQ(bits(theta), bits(theta_before));
  EXPECT_EQ(bits(base), bits(base_before));
}

TEST(Fragment, LocalProgressMovesWithTheAnchor) {
  Values theta(kSize, 13), base(kSize, 10);
  rebase_included(theta, Values(kSize, 12), Values(kSize, 100), base);
  EXPECT_EQ(theta, Values(kSize, 101)) << "the one step after the snapshot is kept";
  EXPECT_EQ(base, Values(kSize, 100));
  rebase_not_included(theta, base, Values(kSize, 100), Values(kSize, 150));
  EXPECT_EQ(theta, Values(kSize, 151));
  EXPECT_EQ(base, Values(kSize, 150));
}

// Sites that train, offer and merge at random; whole numbers, so that every sum is exact. What a site trained is counted in
// `trained`; `merged` is the part that is in the anchor.
struct Site {
  Values theta = Values(kSize), base = Values(kSize), snapshot;
  double trained = 0, offered = 0, merged = 0;

  void train(float amount) {
    for (float& value : theta) value += amount;
    trained += amount;
  }
  Values offer() {
    snapshot = theta;
    offered = trained;
    Values gradient(kSize);
    outer_gradient(base, snapshot, gradient);
    return gradient;
  }
};

TEST(Fragment, NothingIsLostAndNothingCountsTwice) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<Site> sites(3);
    Values anchor(kSize);
    for (int merge = 0; merge < 200; ++merge) {
      const Values before = anchor;
      std::vector<bool> included;
      for (Site& site : sites) {
        site.train(static_cast<float>(random() % 9) - 4);
        const Values gradient = site.offer();  // cumulative: it replaces what was offered and not included
        included.push_back(random() % 2 == 0);
        for (std::size_t i = 0; included.back() && i < kSize; ++i) anchor[i] -= gradient[i];
        site.train(static_cast<float>(random() % 9) - 4);  // while the merge is under way
      }
      double merged = 0;
      for (std::size_t k = 0; k < sites.size(); ++k) {
        Site& site = sites[k];
        if (included[k]) {
          rebase_included(site.theta, site.snapshot, anchor, site.base);
          site.merged = site.offered;
        } else {
          rebase_not_included(site.theta, site.base, before, anchor);
        }
        merged += site.merged;
      }
      ASSERT_EQ(anchor, Values(kSize, static_cast<float>(merged))) << "seed " << seed << ", merge " << merge;
      for (const Site& site : sites) {
        ASSERT_EQ(site.theta, Values(kSize, static_cast<float>(merged + site.trained - site.merged))) << "seed " << seed;
        ASSERT_EQ(site.base, anchor) << "seed " << seed;
      }
    }
  }
}

TEST(FragmentDeathTest, SizesMustBeEqual) {
  Values three(3), four(4);
  EXPECT_DEATH(outer_gradient(three, four, three), "3 and 4");
  EXPECT_DEATH(rebase_included(three, three, three, four), "3 and 4");
  EXPECT_DEATH(rebase_not_included(three, three, three, four), "3 and 4");
}

}  // namespace
}  // namespace intertie::fragment
