#include "intertie/links/hearing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::links {
namespace {

using env::TimePoint;

constexpr Duration kFresh = std::chrono::seconds(1);

TimePoint at(int milliseconds) { return TimePoint{} + std::chrono::hours(1) + std::chrono::milliseconds(milliseconds); }

std::vector<SiteId> sites_of(std::initializer_list<std::uint16_t> numbers) {
  std::vector<SiteId> sites;
  for (const std::uint16_t number : numbers) sites.push_back(SiteId{number});
  return sites;
}

wire::HearingRow row_of(std::uint16_t site, std::uint64_t incarnation, std::uint64_t beat,
                        std::initializer_list<std::uint16_t> hears) {
  return {SiteId{site}, Incarnation{incarnation}, beat, sites_of(hears), {}};
}

// The table of site 0 of four, made at 0 ms.
HearingTable table_of_four() { return {SiteId{0}, Incarnation{5}, 4, kFresh, at(0)}; }

TEST(Hearing, TwoHearEachOtherWhenBothSaySo) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1, 2}), {}, at(10));
  table.take({{row_of(1, 6, 1, {0, 2}), row_of(2, 6, 1, {1})}}, at(20));
  EXPECT_TRUE(table.mutual(SiteId{0}, SiteId{1}, at(20)));
  EXPECT_TRUE(table.mutual(SiteId{1}, SiteId{0}, at(20)));
  EXPECT_TRUE(table.mutual(SiteId{1}, SiteId{2}, at(20)));
  EXPECT_FALSE(table.mutual(SiteId{0}, SiteId{2}, at(20))) << "2 does not hear 0";
  EXPECT_FALSE(table.mutual(SiteId{0}, SiteId{3}, at(20)));
  EXPECT_EQ(table.last_mutual(SiteId{2}, SiteId{1}), at(20));
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{2}), std::nullopt);
}

TEST(Hearing, WhatOneIsToldIsToldOn) {
  HearingTable first = table_of_four();
  HearingTable middle(SiteId{1}, Incarnation{6}, 4, kFresh, at(0));
  HearingTable last(SiteId{3}, Incarnation{7}, 4, kFresh, at(0));
  last.beat(sites_of({1, 2}), {}, at(10));
  middle.beat(sites_of({0, 3}), {}, at(10));
  middle.take(last.tell(), at(20));
  first.beat(sites_of({1}), {}, at(10));
  first.take(middle.tell(), at(30));
  EXPECT_EQ(first.incarnation(SiteId{3}), Incarnation{7}) << "heard of over 1";
  EXPECT_TRUE(first.mutual(SiteId{1}, SiteId{3}, at(30)));
  EXPECT_EQ(first.incarnation(SiteId{2}), Incarnation{}) << "nobody heard it beat";
  const wire::Hearing told = first.tell();
  ASSERT_EQ(told.rows.size(), 3U) << "only what is known";
  EXPECT_EQ(told.rows[0], row_of(0, 5, 1, {1}));
  EXPECT_EQ(told.rows[2], row_of(3, 7, 1, {1, 2}));
}

TEST(Hearing, OldNewsAreNoNews) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1}), {}, at(0));
  table.take({{row_of(1, 6, 4, {0})}}, at(10));
  table.take({{row_of(1, 6, 3, {})}}, at(20));
  EXPECT_TRUE(table.mutual(SiteId{0}, SiteId{1}, at(20)));
  table.take({{row_of(1, 5, 99, {})}}, at(30));
  EXPECT_EQ(table.incarnation(SiteId{1}), Incarnation{6}) << "a start before";
  table.beat(sites_of({1}), {}, at(1005));
  EXPECT_TRUE(table.mutual(SiteId{0}, SiteId{1}, at(1005)));
  EXPECT_FALSE(table.mutual(SiteId{0}, SiteId{1}, at(1020))) << "the same beat again does not make it younger";
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{1}), at(1005));
}

TEST(Hearing, ALinkThatOneSideHasLostIsNoneAtOnce) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1}), {}, at(0));
  table.take({{row_of(1, 6, 1, {0})}}, at(0));
  table.take({{row_of(1, 6, 2, {})}}, at(100));
  EXPECT_FALSE(table.mutual(SiteId{0}, SiteId{1}, at(100)));
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{1}), at(0));
}

TEST(Hearing, WhatOthersSayOfThisSiteOrOfNobodyIsIgnored) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1}), {}, at(0));
  table.take({{row_of(0, 99, 99, {3}), row_of(4, 1, 1, {0})}}, at(10));
  EXPECT_EQ(table.incarnation(SiteId{0}), Incarnation{5});
  EXPECT_EQ(table.tell().rows.size(), 1U);
}

TEST(Hearing, ANewStartOfASiteHasHeardNobodyYet) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1}), {}, at(0));
  table.take({{row_of(1, 6, 9, {0, 2}), row_of(2, 6, 9, {1})}}, at(0));
  ASSERT_TRUE(table.last_mutual(SiteId{1}, SiteId{2}));
  table.take({{row_of(1, 7, 1, {})}}, at(500));
  EXPECT_EQ(table.incarnation(SiteId{1}), Incarnation{7});
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{1}), std::nullopt);
  EXPECT_EQ(table.last_mutual(SiteId{1}, SiteId{2}), std::nullopt);
  EXPECT_EQ(table.last_mutual_or_new(SiteId{1}, SiteId{2}), at(500)) << "it has its time from now";
  EXPECT_EQ(table.last_mutual_or_new(SiteId{2}, SiteId{3}), at(0)) << "others have it from the table's start";
}

TEST(Hearing, ARelayHearsBothAndHasSaidSoSince) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1, 2}), {}, at(0));
  table.take({{row_of(1, 6, 1, {0}), row_of(2, 6, 1, {0, 3}), row_of(3, 6, 1, {1, 2})}}, at(10));
  EXPECT_EQ(table.relay_to(SiteId{3}, at(10), at(0)), SiteId{2}) << "1 does not hear 3";
  EXPECT_EQ(table.relay_to(SiteId{3}, at(10), at(10)), std::nullopt) << "from before the link was lost";
  table.take({{row_of(2, 6, 2, {0, 3})}}, at(20));
  EXPECT_EQ(table.relay_to(SiteId{3}, at(20), at(10)), std::nullopt) << "the target has not said so since";
  table.take({{row_of(3, 6, 2, {1, 2})}}, at(30));
  EXPECT_EQ(table.relay_to(SiteId{3}, at(30), at(10)), SiteId{2});
  table.take({{row_of(1, 6, 2, {0, 3})}}, at(40));
  EXPECT_EQ(table.relay_to(SiteId{3}, at(40), at(10)), SiteId{1}) << "the first of several";
  EXPECT_EQ(table.relay_to(SiteId{3}, at(40) + 2 * kFresh, at(10)), std::nullopt);
  EXPECT_EQ(table.relay_to(SiteId{1}, at(40), at(10)), std::nullopt) << "no other site hears it and this one";
}

TEST(Hearing, TimeThatThisSiteWasAwayDoesNotCount) {
  HearingTable table = table_of_four();
  table.beat(sites_of({1}), {}, at(0));
  table.take({{row_of(1, 6, 1, {0})}}, at(0));
  const Duration away = std::chrono::seconds(60);
  EXPECT_FALSE(table.mutual(SiteId{0}, SiteId{1}, at(500) + away));
  table.was_away(away);
  EXPECT_TRUE(table.mutual(SiteId{0}, SiteId{1}, at(500) + away));
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{1}), at(0) + away);
  EXPECT_EQ(table.last_mutual(SiteId{0}, SiteId{2}), std::nullopt);
  EXPECT_EQ(table.last_mutual_or_new(SiteId{0}, SiteId{2}), at(0) + away);
}

}  // namespace
}  // namespace intertie::links
