#include <gtest/gtest.h>

#include "intertie/env/sim/two_sites_fixture.h"

namespace intertie::env::sim {
namespace {

TEST(SimWorld, ConnectsInOneAndAHalfRoundTripsAndNamesThePeers) {
  TwoSites sites;
  const TimePoint start = sites.world.now();
  sites.connect();
  EXPECT_EQ(sites.connected_at - start, 30ms);
  EXPECT_EQ(sites.at_ashburn.connection->peer().name, "columbus");
  EXPECT_EQ(sites.at_columbus.connection->peer().name, "ashburn");
  EXPECT_EQ(sites.at_ashburn.connection->peer().role, "site");
  EXPECT_EQ(sites.at_ashburn.connection->congestion_control(), "simulated");
}

TEST(SimWorld, BytesArriveWholeInOrderAndInTheModelledTime) {
  TwoSites sites;
  sites.connect();
  const SharedBytes sent = pattern(1'000'000);
  const TimePoint start = sites.world.now();
  sites.at_ashburn.connection->send(sent);
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 1'000'000u);
  ASSERT_TRUE(sites.world.run_until([&] { return sites.at_columbus.bytes.size() == sent.size(); }, 1s));
  EXPECT_EQ(sites.world.now() - start, 100ms + 10ms);
  EXPECT_TRUE(std::equal(sent.view().begin(), sent.view().end(), sites.at_columbus.bytes.begin()));
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 0u);
  EXPECT_EQ(sites.at_ashburn.drained, 1);
}

TEST(SimWorld, DrainedComesAtTheLowMark) {
  TwoSites sites;
  sites.connect();
  sites.at_ashburn.connection->set_low_mark(Bytes{500'000});
  sites.at_ashburn.connection->send(pattern(1'000'000));
  ASSERT_TRUE(sites.world.run_until([&] { return sites.at_ashburn.drained == 1; }, 1s));
  EXPECT_LE(sites.at_ashburn.connection->unsent().value, 500'000u);
  EXPECT_GT(sites.at_ashburn.connection->unsent().value, 480'000u);
}

TEST(SimWorld, ConnectionsOfAPairShareItsRate) {
  TwoSites sites;
  sites.connect();
  const auto first = std::move(sites.at_ashburn.connection);
  const auto first_there = std::move(sites.at_columbus.connection);
  sites.connect();
  const TimePoint start = sites.world.now();
  first->send(pattern(500'000));
  sites.at_ashburn.connection->send(pattern(500'000));
  ASSERT_TRUE(sites.world.run_until([&] { return sites.at_ashburn.connection->unsent().value == 0; }, 1s));
  EXPECT_NEAR(static_cast<double>((sites.world.now() - start).count()), 100e6, 2e6);
}

TEST(SimWorld, SplitsDeliveriesAtRandomOnlyWhenAsked) {
  for (const bool split : {false, true}) {
    TwoSites sites({.link = kLink, .split_deliveries = split});
    sites.connect();
    sites.at_ashburn.connection->send(pattern(10 * Line::kTurn));
    sites.world.run_for(1s);
    EXPECT_EQ(sites.at_columbus.bytes.size(), 10 * Line::kTurn);
    EXPECT_EQ(sites.at_columbus.num_pieces > 10, split);
  }
}

TEST(SimWorld, SaysWhoDoesNotListen) {
  TwoSites sites;
  sites.dial("columbus", 5s, {"columbus.example", 9});
  sites.world.run_for(10s);
  ASSERT_TRUE(sites.failed);
  EXPECT_EQ(sites.failed->code, ErrorCode::retry);
  EXPECT_NE(sites.failed->message().find("nothing listens at columbus.example:9"), std::string::npos);
}

TEST(SimWorld, RefusesAnotherSitesCertificate) {
  TwoSites sites;
  sites.dial("reston");
  sites.world.run_for(10s);
  ASSERT_TRUE(sites.failed);
  EXPECT_EQ(sites.failed->code, ErrorCode::reconfigure);
  EXPECT_FALSE(sites.at_columbus.connection);
}

TEST(SimWorld, RefusesAPortInUse) {
  TwoSites sites;
  const auto second = sites.ashburn.network().listen(
      kColumbus, [](std::unique_ptr<Connection>) {}, [](const Error&) {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("in use"), std::string::npos);
}

TEST(SimWorld, AClosedListenerIsGone) {
  TwoSites sites;
  sites.listener.reset();
  sites.dial();
  sites.world.run_for(10s);
  EXPECT_TRUE(sites.failed);
}

TEST(SimWorld, CloseAfterSendingSendsEverythingFirst) {
  TwoSites sites;
  sites.connect();
  sites.at_ashburn.connection->send(pattern(50'000));
  sites.at_ashburn.connection->close_after_sending();
  EXPECT_FALSE(sites.at_ashburn.closed);
  sites.world.run_for(1s);
  ASSERT_TRUE(sites.at_ashburn.closed && sites.at_columbus.closed);
  EXPECT_EQ(sites.at_ashburn.closed->code, ErrorCode::cancelled);
  EXPECT_EQ(sites.at_columbus.closed->code, ErrorCode::retry);
  EXPECT_EQ(sites.at_columbus.bytes.size(), 50'000u);
}

TEST(SimWorld, DestroyingAConnectionSilencesItAndTellsThePeer) {
  TwoSites sites;
  sites.connect();
  sites.at_columbus.connection->send(pattern(50'000));
  sites.at_ashburn.connection->send(pattern(50'000));
  sites.world.run_for(1ms);
  sites.at_ashburn.connection.reset();
  sites.world.run_for(1s);
  EXPECT_TRUE(sites.at_ashburn.bytes.empty());
  EXPECT_FALSE(sites.at_ashburn.closed);
  EXPECT_TRUE(sites.at_columbus.closed);
  EXPECT_LT(sites.at_columbus.bytes.size(), 50'000u);
}

TEST(SimWorld, AConnectionMayBeDestroyedByItsOwnHandler) {
  TwoSites sites;
  sites.dial();
  std::unique_ptr<Connection> there;
  int calls = 0;
  sites.listener.reset();
  sites.listener = *sites.columbus.network().listen(
      kColumbus,
      [&](std::unique_ptr<Connection> got) {
        there = std::move(got);
        there->start({.received =
                          [&](std::span<const std::byte>) {
                            ++calls;
                            there.reset();
                          },
                      .drained = {},
                      .closed = [&](const Error&) { ++calls; }});
      },
      [](const Error&) {});
  sites.dial();
  sites.world.run_for(1s);
  ASSERT_TRUE(sites.at_ashburn.connection);
  sites.at_ashburn.connection->send(pattern(100'000));
  sites.world.run_for(1s);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(sites.at_ashburn.closed);
}

TEST(SimWorld, BytesThatArriveBeforeStartWait) {
  TwoSites sites;
  std::unique_ptr<Connection> there;
  sites.listener.reset();
  sites.listener = *sites.columbus.network().listen(
      kColumbus, [&](std::unique_ptr<Connection> got) { there = std::move(got); }, [](const Error&) {});
  sites.dial();
  sites.world.run_for(1s);
  sites.at_ashburn.connection->send(pattern(1000));
  sites.at_ashburn.connection->close_after_sending();
  sites.world.run_for(1s);
  sites.at_columbus.take(std::move(there));
  EXPECT_TRUE(sites.at_columbus.bytes.empty()) << "start() itself delivers nothing";
  sites.world.run_for(1ms);
  EXPECT_EQ(sites.at_columbus.bytes.size(), 1000u);
  EXPECT_TRUE(sites.at_columbus.closed);
}

TEST(SimWorld, WorkerDoesWorkInOrderAndTakesItsTime) {
  SimWorld world({.work_time = [](const std::string& site) -> Duration { return site == "slow" ? 100ms : 10ms; }});
  SimSite& slow = world.start("slow");
  SimSite& fast = world.start("fast");
  const TimePoint start = world.now();
  std::vector<std::pair<std::string, Duration>> done;
  int worked = 0;
  for (SimSite* site : {&slow, &fast, &fast})
    site->worker().run([&] { ++worked; }, [&, site] { done.emplace_back(site->name(), world.now() - start); });
  EXPECT_EQ(worked, 3);
  EXPECT_TRUE(done.empty());
  world.run_for(1s);
  const std::vector<std::pair<std::string, Duration>> expected{{"fast", 10ms}, {"fast", 20ms}, {"slow", 100ms}};
  EXPECT_EQ(done, expected);
}

TEST(SimWorld, TimersRunInOrderAndCanBeCancelled) {
  SimWorld world;
  Loop& loop = world.start("a").loop();
  std::vector<int> order;
  loop.call_after(5ms, [&] { order.push_back(2); });
  const TimerId cancelled = loop.call_after(1ms, [&] { order.push_back(0); });
  loop.post([&] { order.push_back(1); });
  loop.cancel(cancelled);
  const TimePoint start = world.now();
  EXPECT_FALSE(world.run_until([] { return false; }, 1s));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(world.now() - start, 1s);
}

}  // namespace
}  // namespace intertie::env::sim
