#include "intertie/status/report_periods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using enum SiteState;

std::vector<SitePeriod> periods(const std::vector<SiteLog>& logs, std::size_t site) {
  const RunHistory history = read_history({}, logs);
  return site_periods(history, figures_of(history), history.sites[site]);
}

LogBook::Fields members(std::int64_t number, const std::string& names) { return {{"view", number}, {"members", names}}; }

LogBook::Fields changed(const std::string& peer, const std::string& state) { return {{"peer", peer}, {"state", state}}; }

LogBook::Fields peer(const std::string& name) { return {{"peer", name}}; }

TEST(SitePeriodes, ASiteThatDiesComesBackAndFetches) {
  LogBook a("a"), b("b");
  a.at(0).start().at(1).add("view.entered", members(1, "a,b")).at(34).add("view.entered", members(2, "a"));
  a.at(60).add("view.entered", members(3, "a,b")).at(100).add("run.finished", {{"complete", true}});
  b.at(0).start().at(30).add("progress").at(50).start().at(52).add("join.began").at(90).add("run.finished");
  EXPECT_THAT(periods({a.read(), b.read()}, 0), ElementsAre(SitePeriod{0, 1, starting}, SitePeriod{1, 100, member}));
  EXPECT_THAT(periods({a.read(), b.read()}, 1),
              ElementsAre(SitePeriod{0, 1, starting}, SitePeriod{1, 30, member}, SitePeriod{30, 50, away},
                          SitePeriod{50, 51, starting}, SitePeriod{51, 60, outside}, SitePeriod{60, 90, member}))
      << "after it has finished there is nothing to say";
}

TEST(SitePeriodes, ASiteThatWasTakenOutIsNoMemberThoughOnlyItsOwnLogIsHere) {
  LogBook b("b");
  b.at(0).start().at(1).add("view.entered", members(1, "a,b")).at(20).add("site.fenced", {{"view", std::int64_t{2}}});
  b.at(21).add("join.began").at(30).add("view.entered", members(3, "a,b")).at(50).add("run.finished");
  EXPECT_THAT(periods({{"a", std::nullopt}, b.read()}, 1),
              ElementsAre(SitePeriod{0, 1, starting}, SitePeriod{1, 20, member}, SitePeriod{20, 30, outside},
                          SitePeriod{30, 50, member}));
}

TEST(SitePeriodes, WithoutViewsASiteThatRunsIsAMember) {
  LogBook a("a");
  a.at(0).start().at(20).add("progress");
  EXPECT_THAT(periods({a.read()}, 0), ElementsAre(SitePeriod{0, 1, starting}, SitePeriod{1, 20, member}));
}

TEST(SitePeriodes, ASiteBetweenTwoLinesIsThere) {
  LogBook a("a"), b("b");
  a.at(0).start().at(20).add("progress");
  b.at(0).start().at(15).add("progress");
  EXPECT_EQ(periods({a.read(), b.read()}, 1).back().end, 20);
  a.at(40).add("progress");
  EXPECT_THAT(periods({a.read(), b.read()}, 1).back(), (SitePeriod{15, 40, away})) << "longer than that, it is not";
}

TEST(SitePeriodes, OfASiteWithoutALogThereAreNone) {
  LogBook a("a");
  a.at(0).start().at(20).add("progress");
  EXPECT_TRUE(periods({a.read(), {"b", std::nullopt}}, 1).empty());
}

TEST(PeriodsOfLinks, TheWorseEndCounts) {
  LogBook a("a"), b("b");
  a.at(0).start().add("site.connected", peer("b")).at(10).add("link.changed", changed("b", "relayed"));
  a.at(30).add("link.changed", changed("b", "direct")).at(50).add("run.finished");
  b.at(0).start().add("site.connected", peer("a")).at(20).add("link.changed", changed("a", "cut"));
  b.at(40).add("link.changed", changed("a", "direct")).at(50).add("run.finished");
  const std::vector<LinkPeriods> rows = link_periods(read_history({}, {a.read(), b.read()}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_THAT(rows[0].periods, ElementsAre(LinkPeriod{0, 1, LinkState::none}, LinkPeriod{1, 10, LinkState::direct},
                                           LinkPeriod{10, 20, LinkState::relayed}, LinkPeriod{20, 40, LinkState::cut},
                                           LinkPeriod{40, 50, LinkState::direct}));
}

TEST(PeriodsOfLinks, ADeadEndIsNoCut) {
  LogBook a("a"), b("b");
  a.at(0).start().add("site.connected", peer("b")).at(24).add("link.changed", changed("b", "cut")).at(60).add("progress");
  b.at(0).start().add("site.connected", peer("a")).at(20).add("progress");
  const std::vector<LinkPeriods> rows = link_periods(read_history({}, {a.read(), b.read()}));
  EXPECT_THAT(rows[0].periods, ElementsAre(LinkPeriod{0, 1, LinkState::none}, LinkPeriod{1, 20, LinkState::direct},
                                           LinkPeriod{20, 60, LinkState::none}));
  b.at(40).open().at(42).add("site.connected", peer("a")).at(60).add("progress");
  a.at(43).add("link.changed", changed("b", "direct")).at(60).add("progress");
  EXPECT_THAT(link_periods(read_history({}, {a.read(), b.read()}))[0].periods, Contains(LinkPeriod{42, 60, LinkState::direct}))
      << "whoever notices first, both are connected";
}

TEST(PeriodsOfLinks, OneEndIsEnoughWhereTheOthersLogIsMissing) {
  LogBook a("a");
  a.at(0).start().add("site.connected", peer("b")).at(10).add("link.changed", changed("b", "cut")).at(20).add("progress");
  const std::vector<LinkPeriods> rows = link_periods(read_history({}, {a.read(), {"b", std::nullopt}, {"c", std::nullopt}}));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0].periods, ElementsAre(LinkPeriod{0, 1, LinkState::none}, LinkPeriod{1, 10, LinkState::direct},
                                           LinkPeriod{10, 20, LinkState::cut}));
}

}  // namespace
}  // namespace intertie::status
