#include "intertie/reduce/linear_programme.h"

#include <gtest/gtest.h>

#include <vector>

#include "intertie/reduce/least_cut.h"

namespace intertie::reduce {
namespace {

using Entries = std::vector<LinearProgramme::Entry>;

TEST(LinearProgramme, FindsTheVertexItsDualsAndGoesOnFromThere) {
  LinearProgramme lp;
  const int x = lp.add_column({.cost = -3});
  const int y = lp.add_column({.cost = -5});
  lp.add_row({.upper = 4}, Entries{{x, 1}});
  const int second = lp.add_row({.upper = 12}, Entries{{y, 2}});
  const int third = lp.add_row({.upper = 18}, Entries{{x, 3}, {y, 2}});
  ASSERT_TRUE(lp.solve());
  EXPECT_NEAR(lp.value(x), 2, 1e-9);
  EXPECT_NEAR(lp.value(y), 6, 1e-9);
  EXPECT_NEAR(lp.dual(second), -1.5, 1e-9) << "a unit more of it is worth 1.5";
  EXPECT_NEAR(lp.dual(third), -1, 1e-9);
  const int z = lp.add_column({.cost = -4}, Entries{{third, 1}});
  ASSERT_TRUE(lp.solve());
  EXPECT_NEAR(lp.value(z), 18, 1e-9);
  EXPECT_NEAR(lp.value(y), 0, 1e-9);
  lp.add_row({.lower = 3}, Entries{{y, 1}});
  ASSERT_TRUE(lp.solve());
  EXPECT_NEAR(lp.value(y), 3, 1e-9);
  EXPECT_NEAR(lp.value(z), 12, 1e-9);
}

TEST(LinearProgramme, SaysThatThereIsNoSolution) {
  LinearProgramme lp;
  const int x = lp.add_column({.cost = 1, .upper = 1});
  lp.add_row({.lower = 2}, Entries{{x, 1}});
  EXPECT_FALSE(lp.solve());
}

TEST(LeastCut, IsTheNarrowestPlaceAndNamesItsNearSide) {
  // 0 -> {1, 2} -> 3, the whole through 1 -> 3 and 2 -> 3.
  const std::vector<double> capacities = {0, 3, 2, 0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0};
  const Cut cut = least_cut(capacities, 4, 0, 3, 100);
  EXPECT_DOUBLE_EQ(cut.capacity, 3);
  EXPECT_EQ(cut.near, (std::vector<bool>{true, true, true, false}));
  EXPECT_GE(least_cut(capacities, 4, 0, 3, 0.5).capacity, 0.5) << "more is not asked for";
  EXPECT_DOUBLE_EQ(least_cut(capacities, 4, 3, 0, 100).capacity, 0);
}

}  // namespace
}  // namespace intertie::reduce
