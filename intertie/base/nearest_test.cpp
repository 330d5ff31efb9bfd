#include "intertie/base/nearest.h"

#include <gtest/gtest.h>

namespace intertie {
namespace {

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("every", "every"), 0U);
  EXPECT_EQ(edit_distance("evry", "every"), 1U);
  EXPECT_EQ(edit_distance("eveyr", "every"), 1U) << "a swap is one edit";
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, FindsWhatWasMeantOrNothing) {
  const std::vector<std::string> names = {"method", "every", "encoding", "lr"};
  EXPECT_EQ(nearest("evry", names), "every");
  EXPECT_EQ(nearest("encodng", names), "encoding");
  EXPECT_EQ(nearest("zzzzzz", names), "");
  EXPECT_EQ(nearest("lR", names), "lr");
  EXPECT_EQ(nearest("q", {"lr"}), "") << "as many edits as characters is not near";
  EXPECT_EQ(nearest("anything", {}), "");
}

TEST(Nearest, TakesTheFirstOfEquals) { EXPECT_EQ(nearest("ab", {"abc", "abd"}), "abc"); }

}  // namespace
}  // namespace intertie
