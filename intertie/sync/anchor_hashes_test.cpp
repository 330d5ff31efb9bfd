#include "intertie/sync/anchor_hashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::sync {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(AnchorHashes, EqualHashesInAnyOrderAreAgreement) {
  AnchorHashes hashes({"a", "b", "c"});
  EXPECT_TRUE(hashes.add(SiteId{2}, Version{1}, Hash64{7}));
  EXPECT_TRUE(hashes.add(SiteId{0}, Version{1}, Hash64{7}));
  EXPECT_EQ(hashes.compared(), Version{0});
  EXPECT_TRUE(hashes.add(SiteId{2}, Version{2}, Hash64{8}));
  EXPECT_TRUE(hashes.add(SiteId{1}, Version{1}, Hash64{7}));
  EXPECT_EQ(hashes.compared(), Version{1});
}

TEST(AnchorHashes, TheOneOutsideTheMajorityIsNamed) {
  AnchorHashes hashes({"a", "b", "c"});
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{4}, Hash64{7}));
  ASSERT_TRUE(hashes.add(SiteId{1}, Version{4}, Hash64{9}));
  const auto result = hashes.add(SiteId{2}, Version{4}, Hash64{7});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("version 4"), HasSubstr("site b has"), Not(HasSubstr("site a has"))));
}

TEST(AnchorHashes, WithoutAMajorityAllAreNamed) {
  AnchorHashes hashes({"a", "b"});
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{4}, Hash64{7}));
  const auto result = hashes.add(SiteId{1}, Version{4}, Hash64{9});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("site a has"), HasSubstr("site b has")));
}

}  // namespace
}  // namespace intertie::sync
