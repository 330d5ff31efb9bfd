#include "intertie/sync/anchor_hashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::sync {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::function<std::vector<SiteId>(Version)> the_first(std::uint16_t num) {
  std::vector<SiteId> sites;
  for (std::uint16_t i = 0; i < num; ++i) sites.push_back(SiteId{i});
  return [sites](Version) { return sites; };
}

TEST(AnchorHashes, EqualHashesInAnyOrderAreAgreement) {
  AnchorHashes hashes({"a", "b", "c"}, the_first(3));
  EXPECT_TRUE(hashes.add(SiteId{2}, Version{1}, Hash64{7}));
  EXPECT_TRUE(hashes.add(SiteId{0}, Version{1}, Hash64{7}));
  EXPECT_EQ(hashes.compared(), Version{0});
  EXPECT_TRUE(hashes.add(SiteId{2}, Version{2}, Hash64{8}));
  EXPECT_TRUE(hashes.add(SiteId{1}, Version{1}, Hash64{7}));
  EXPECT_EQ(hashes.compared(), Version{1});
}

TEST(AnchorHashes, TheOneOutsideTheMajorityIsNamed) {
  AnchorHashes hashes({"a", "b", "c"}, the_first(3));
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{4}, Hash64{7}));
  ASSERT_TRUE(hashes.add(SiteId{1}, Version{4}, Hash64{9}));
  const auto result = hashes.add(SiteId{2}, Version{4}, Hash64{7});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("version 4"), HasSubstr("site b has"), Not(HasSubstr("site a has"))));
}

TEST(AnchorHashes, WithoutAMajorityAllAreNamed) {
  AnchorHashes hashes({"a", "b"}, the_first(2));
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{4}, Hash64{7}));
  const auto result = hashes.add(SiteId{1}, Version{4}, Hash64{9});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("site a has"), HasSubstr("site b has")));
}

TEST(AnchorHashes, OnlyThoseWhoMadeAVersionReportIt) {
  AnchorHashes hashes({"a", "b", "c"}, [](Version version) {
    return version < Version{5} ? std::vector{SiteId{0}, SiteId{2}} : std::vector{SiteId{0}, SiteId{1}};
  });
  ASSERT_TRUE(hashes.add(SiteId{1}, Version{4}, Hash64{9})) << "it is not asked";
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{4}, Hash64{7}));
  ASSERT_TRUE(hashes.add(SiteId{2}, Version{4}, Hash64{7}));
  EXPECT_EQ(hashes.compared(), Version{4});
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{5}, Hash64{7}));
  EXPECT_FALSE(hashes.add(SiteId{1}, Version{5}, Hash64{9}));
}

TEST(AnchorHashes, WhereAReporterGoesTheOthersAreComparedWithoutIt) {
  std::vector<SiteId> reporters = {SiteId{0}, SiteId{1}, SiteId{2}};
  AnchorHashes hashes({"a", "b", "c"}, [&reporters](Version) { return reporters; });
  for (const std::uint64_t version : {3, 4}) {
    ASSERT_TRUE(hashes.add(SiteId{0}, Version{version}, Hash64{version}));
    ASSERT_TRUE(hashes.add(SiteId{2}, Version{version}, Hash64{version}));
  }
  ASSERT_TRUE(hashes.look_again());
  EXPECT_EQ(hashes.compared(), Version{0}) << "site b may still say something else";
  reporters = {SiteId{0}, SiteId{2}};
  ASSERT_TRUE(hashes.look_again());
  EXPECT_EQ(hashes.compared(), Version{4});
  ASSERT_TRUE(hashes.add(SiteId{1}, Version{4}, Hash64{99})) << "late";
}

TEST(AnchorHashes, ADifferenceIsFoundWhenTheLastMissingReporterGoes) {
  std::vector<SiteId> reporters = {SiteId{0}, SiteId{1}, SiteId{2}};
  AnchorHashes hashes({"a", "b", "c"}, [&reporters](Version) { return reporters; });
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{3}, Hash64{1}));
  ASSERT_TRUE(hashes.add(SiteId{2}, Version{3}, Hash64{2}));
  reporters = {SiteId{0}, SiteId{2}};
  const auto result = hashes.look_again();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("version 3"), HasSubstr("site a has"), HasSubstr("site c has")));
}

TEST(AnchorHashes, AVersionThatNobodyIsToReportIsNotCompared) {
  AnchorHashes hashes({"a", "b"}, [](Version) { return std::vector<SiteId>(); });
  ASSERT_TRUE(hashes.add(SiteId{0}, Version{3}, Hash64{1}));
  EXPECT_EQ(hashes.compared(), Version{0});
}

}  // namespace
}  // namespace intertie::sync
