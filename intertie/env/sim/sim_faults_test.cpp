#include <gtest/gtest.h>

#include "intertie/env/sim/two_sites_fixture.h"

namespace intertie::env::sim {
namespace {

TEST(SimFaults, ConnectTimesOutThroughACutAndSucceedsAfterAMend) {
  TwoSites sites;
  sites.world.cut("ashburn", "columbus");
  const TimePoint start = sites.world.now();
  sites.dial("columbus", 3s);
  sites.world.run_for(10s);
  ASSERT_TRUE(sites.failed);
  EXPECT_EQ(sites.failed->code, ErrorCode::retry);
  EXPECT_EQ(sites.connected_at - start, 3s);
  sites.dial("columbus", 3s);
  sites.world.at(sites.world.now() + 1500ms, [&] { sites.world.mend("ashburn", "columbus"); });
  sites.world.run_for(10s);
  EXPECT_TRUE(sites.at_ashburn.connection);
}

TEST(SimFaults, ABreakClosesBothEndsAndLosesWhatFlies) {
  TwoSites sites;
  sites.connect();
  sites.at_ashburn.connection->send(pattern(100'000));
  sites.world.run_for(12ms);
  EXPECT_EQ(sites.world.break_connections("columbus", "ashburn"), 1u);
  EXPECT_FALSE(sites.at_ashburn.closed) << "closed comes in an event of its own";
  sites.at_ashburn.connection->send(pattern(10));
  const std::size_t before = sites.at_columbus.bytes.size();
  sites.world.run_for(1s);
  ASSERT_TRUE(sites.at_ashburn.closed && sites.at_columbus.closed);
  EXPECT_EQ(sites.at_ashburn.closed->code, ErrorCode::retry);
  EXPECT_NE(sites.at_ashburn.closed->message().find("site columbus (columbus.example:7400)"), std::string::npos);
  EXPECT_EQ(sites.at_columbus.bytes.size(), before);
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 0u);
  EXPECT_EQ(sites.world.break_connections("columbus", "ashburn"), 0u);
}

TEST(SimFaults, ACutIsSilentAndAMendLosesNothing) {
  TwoSites sites;
  sites.connect();
  sites.world.cut("ashburn", "columbus");
  const SharedBytes sent = pattern(200'000);
  sites.at_ashburn.connection->send(sent);
  sites.at_columbus.connection->send(pattern(10));
  sites.world.run_for(100s);
  EXPECT_TRUE(sites.at_columbus.bytes.empty() && sites.at_ashburn.bytes.empty());
  EXPECT_FALSE(sites.at_ashburn.closed || sites.at_columbus.closed);
  sites.world.mend("ashburn", "columbus");
  sites.world.run_for(1s);
  EXPECT_TRUE(
      std::equal(sent.view().begin(), sent.view().end(), sites.at_columbus.bytes.begin(), sites.at_columbus.bytes.end()));
  EXPECT_EQ(sites.at_ashburn.bytes.size(), 10u);
}

TEST(SimFaults, ACutOneWayLeavesTheOtherWay) {
  TwoSites sites;
  sites.connect();
  sites.world.cut_one_way("ashburn", "columbus");
  sites.at_ashburn.connection->send(pattern(10));
  sites.at_columbus.connection->send(pattern(20));
  sites.world.run_for(1s);
  EXPECT_TRUE(sites.at_columbus.bytes.empty());
  EXPECT_EQ(sites.at_ashburn.bytes.size(), 20u);
}

TEST(SimFaults, AKilledSiteNeverRunsAgainAndItsPeersHearAReset) {
  TwoSites sites;
  sites.connect();
  int runs = 0;
  sites.columbus.loop().call_after(1ms, [&] { ++runs; });
  sites.columbus.loop().post([&] { ++runs; });
  sites.columbus.worker().run([] {}, [&] { ++runs; });
  sites.at_ashburn.connection->send(pattern(1000));
  sites.world.kill("columbus");
  const TimePoint start = sites.world.now();
  ASSERT_TRUE(sites.world.run_until([&] { return sites.at_ashburn.closed.has_value(); }, 1s));
  EXPECT_EQ(sites.world.now() - start, 10ms);
  EXPECT_NE(sites.at_ashburn.closed->message().find("reset"), std::string::npos);
  sites.columbus.loop().post([&] { ++runs; });
  sites.world.run_for(1s);
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(sites.at_columbus.bytes.empty());
  EXPECT_FALSE(sites.columbus.alive());
}

TEST(SimFaults, AKilledSiteMayStartAgain) {
  TwoSites sites;
  sites.connect();
  sites.world.kill("columbus");
  sites.world.run_for(1s);
  sites.listener.reset();
  sites.at_columbus = {};
  sites.at_ashburn = {};
  SimSite& again = sites.world.start("columbus");
  sites.listener = *again.network().listen(
      kColumbus, [&](std::unique_ptr<Connection> got) { sites.at_columbus.take(std::move(got)); }, [](const Error&) {});
  sites.connect();
  sites.at_ashburn.connection->send(pattern(77));
  sites.world.run_for(1s);
  EXPECT_EQ(sites.at_columbus.bytes.size(), 77u);
}

// A small storm of traffic and faults; everything that could differ goes into the trace.
std::uint64_t storm(std::uint64_t seed) {
  TwoSites sites({.seed = seed, .link = kLink});
  Random random = sites.world.random(99);
  sites.dial();
  for (int i = 0; i < 200; ++i) {
    sites.world.run_for(Duration(static_cast<std::int64_t>(random.below(20'000'000))));
    if (sites.at_ashburn.connection && !sites.at_ashburn.closed)
      sites.at_ashburn.connection->send(pattern(random.below(60'000)));
    switch (random.below(12)) {
      case 0: sites.world.cut("ashburn", "columbus"); break;
      case 1: sites.world.mend("ashburn", "columbus"); break;
      case 2: sites.world.break_connections("ashburn", "columbus"); break;
      default: break;
    }
    if (sites.at_ashburn.closed) {
      sites.at_ashburn = {};
      sites.at_columbus = {};
      sites.dial();
    }
  }
  return sites.world.trace();
}

TEST(SimFaults, SameSeedSameEventsSameBytes) {
  EXPECT_EQ(storm(1), storm(1));
  EXPECT_EQ(storm(2), storm(2));
  EXPECT_NE(storm(1), storm(2));
}

}  // namespace
}  // namespace intertie::env::sim
