#include "intertie/reduce/planned_ways.h"

#include <gtest/gtest.h>

#include <map>

#include "intertie/reduce/maps_fixture.h"

namespace intertie::reduce {
namespace {

// What the ways put on each link is what the schedule paces it at.
void expect_paces(const Scheduled& best) {
  std::map<std::pair<SiteId, SiteId>, double> over;
  for (const links::PlannedWay& way : planned_ways(best.schedule, {})) {
    SiteId at = way.from;
    for (const SiteId relay : way.relays) over[{std::exchange(at, relay), relay}] += way.rate.bits_per_second;
    over[{at, way.to}] += way.rate.bits_per_second;
  }
  for (const wire::Route& route : best.schedule.routes) {
    const auto pace = static_cast<double>(route.rate);
    EXPECT_NEAR((over[{route.from, route.to}]), pace, 2 + 1e-3 * pace);
  }
}

TEST(PlannedWays, PutOnEachLinkWhatItIsPacedAt) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    expect_paces(scheduled(drawn_pairs(5, seed), {.elements = 1'000'000}));
  }
}

// The middle of a chain owns everything, unless its memory says otherwise.
TEST(PlannedWays, OfAChainLeadOverTheMiddle) {
  Map chain(sites_with_access(3, 0));
  for (const std::size_t end : {0U, 2U}) chain.set_both_ways(1, end, env::LinkProfile{{1e9}, kHalfRoundTrip});
  expect_paces(scheduled(chain, {.elements = 1'000'000}));
  chain.site(1).memory = Bytes{16'000'000};
  const Scheduled best = scheduled(chain, {.elements = 1'000'000});
  expect_paces(best);
  int relayed = 0;
  for (const links::PlannedWay& way : planned_ways(best.schedule, {})) {
    const bool ends = way.from != SiteId{1} && way.to != SiteId{1};
    EXPECT_EQ(way.relays, ends ? std::vector{SiteId{1}} : std::vector<SiteId>{});
    relayed += ends ? 1 : 0;
  }
  EXPECT_EQ(relayed, 2);
}

TEST(PlannedWays, NoneWhereNothingIsPaced) {
  const wire::Schedule equal = make_schedule({.members = {SiteId{0}, SiteId{1}, SiteId{2}}, .elements = 1'000'000});
  EXPECT_TRUE(planned_ways(equal, {}).empty());
}

}  // namespace
}  // namespace intertie::reduce
