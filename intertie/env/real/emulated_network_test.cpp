#include "intertie/env/real/emulated_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "intertie/env/real/emulated_sites_fixture.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMegabyte = 1'000'000;

// Seconds that a megabyte takes from ashburn to columbus.
double time_a_megabyte(EmulatedSites& sites, const SharedBytes& bytes) {
  sites.at_columbus.bytes.clear();
  sites.at_columbus.received = 0;
  return sites.seconds_until([&, sent = false]() mutable {
    if (!std::exchange(sent, true)) sites.at_ashburn.connection->send(bytes);
    return sites.at_columbus.received == kMegabyte;
  });
}

// The lower bound holds however busy the machine is. The upper one leaves a tenth and what the machine itself takes without an
// emulated link, measured at the same time; the best of three counts.
TEST(EmulatedNetwork, AMegabyteTakesItsTimeOnTheLine) {
  constexpr double kExpected = 0.420;  // 8 Mbit at 20 Mbit/s, and 20 ms
  EmulatedSites bare({}, {});
  EmulatedSites sites;
  ASSERT_TRUE(bare.connect() && sites.connect());
  Random random(1);
  const SharedBytes bytes = random_bytes(random, kMegabyte);
  double least_excess = 1e9;
  for (int i = 0; i < 3 && least_excess > 0; ++i) {
    const double machine = time_a_megabyte(bare, bytes);
    const double seconds = time_a_megabyte(sites, bytes);
    EXPECT_GE(seconds, kExpected);
    least_excess = std::min(least_excess, seconds - (kExpected * 1.1 + 2 * machine));
  }
  EXPECT_LE(least_excess, 0);
}

TEST(EmulatedNetwork, BytesArriveWholeAndAreUnsentUntilTheyDepart) {
  EmulatedSites sites({BitRate{200e6}, 5ms}, {});
  ASSERT_TRUE(sites.connect());
  Random random(1);
  const SharedBytes bytes = random_bytes(random, kMegabyte);
  sites.at_ashburn.connection->send(bytes);
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, kMegabyte);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == kMegabyte; }));
  EXPECT_TRUE(std::equal(bytes.view().begin(), bytes.view().end(), sites.at_columbus.bytes.begin()));
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 0u);
  EXPECT_EQ(sites.at_ashburn.drained, 1);
}

TEST(EmulatedNetwork, ARoundTripTakesBothDelays) {
  EmulatedSites sites(kSlowLink, {BitRate{20e6}, 30ms});
  ASSERT_TRUE(sites.connect());
  double least = 1;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const TimePoint start = sites.loop.now();
    sites.at_ashburn.connection->send(SharedBytes(std::vector<std::byte>(1)));
    ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == i; }));
    sites.at_columbus.connection->send(SharedBytes(std::vector<std::byte>(1)));
    ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.received == i; }));
    const double seconds = std::chrono::duration<double>(sites.loop.now() - start).count();
    EXPECT_GE(seconds, 0.050);
    least = std::min(least, seconds);
  }
  EXPECT_LE(least, 0.075);
}

TEST(EmulatedNetwork, ConnectingTakesOneAndAHalfRoundTrips) {
  EmulatedSites sites;
  const double seconds = sites.seconds_until([&, dialled = false]() mutable {
    if (!dialled) sites.dial(sites.at_ashburn);
    dialled = true;
    return sites.at_ashburn.connection != nullptr;
  });
  EXPECT_GE(seconds, 0.060);
}

TEST(EmulatedNetwork, ConnectionsToOneSiteShareTheLine) {
  EmulatedSites sites;
  ASSERT_TRUE(sites.connect());
  Recorder second;
  const auto first_there = std::move(sites.at_columbus.connection);
  sites.dial(second);
  ASSERT_TRUE(run_until(sites.loop, [&] { return second.connection != nullptr; }));
  Random random(1);
  const SharedBytes bytes = random_bytes(random, 250'000);
  const double seconds = sites.seconds_until([&, sent = false]() mutable {
    if (!std::exchange(sent, true)) {
      sites.at_ashburn.connection->send(bytes);
      second.connection->send(bytes);
    }
    return sites.at_ashburn.connection->unsent().value == 0 && second.connection->unsent().value == 0;
  });
  EXPECT_GE(seconds, 0.199);
}

TEST(EmulatedNetwork, CloseAfterSendingSendsEverythingFirst) {
  EmulatedSites sites({BitRate{200e6}, 5ms}, {BitRate{200e6}, 5ms});
  ASSERT_TRUE(sites.connect());
  Random random(1);
  sites.at_ashburn.connection->send(random_bytes(random, 300'000));
  sites.at_ashburn.connection->close_after_sending();
  sites.at_ashburn.connection->close_after_sending();
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.closed && sites.at_columbus.closed; }));
  EXPECT_EQ(sites.at_columbus.received, 300'000u);
  EXPECT_EQ(sites.at_ashburn.closed->code, ErrorCode::cancelled);
  sites.at_ashburn.connection->send(random_bytes(random, 10));
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 0u);
}

TEST(EmulatedNetwork, DestroyingAConnectionLeavesTheLineToTheOthers) {
  EmulatedSites sites;
  ASSERT_TRUE(sites.connect());
  Random random(1);
  Recorder second;
  const auto first_there = std::move(sites.at_columbus.connection);
  sites.dial(second);
  ASSERT_TRUE(run_until(sites.loop, [&] { return second.connection && sites.at_columbus.connection; }));
  sites.at_ashburn.connection->send(random_bytes(random, 50'000'000));
  run_until(
      sites.loop, [] { return false; }, 30ms);
  sites.at_ashburn.connection.reset();
  second.connection->send(random_bytes(random, 100'000));
  const std::uint64_t before = sites.at_columbus.received;
  const double seconds = sites.seconds_until([&] { return sites.at_columbus.received - before >= 100'000; });
  EXPECT_LE(seconds, 10.0) << "50 MB would take 20 s";
  EXPECT_FALSE(sites.at_ashburn.closed);
}

TEST(EmulatedNetwork, SitesWithoutALinkPassThrough) {
  RealLoop loop;
  EmulatedNetwork ashburn(loop, network_of(loop, tls_of("ashburn")), {{"reston", {BitRate{1}, 1h}}});
  auto columbus = network_of(loop, tls_of("columbus"));
  Recorder here, there;
  const auto listener = *columbus->listen(
      kAnyPort, [&](std::unique_ptr<Connection> got) { there.take(std::move(got)); }, [](const Error&) {});
  ashburn.connect({listener->local_address(), "columbus", 5s}, [&](Result<std::unique_ptr<Connection>> got) {
    here.take(std::move(*got));
    here.connection->send(SharedBytes(std::vector<std::byte>(100'000)));
  });
  EXPECT_TRUE(run_until(loop, [&] { return there.received == 100'000; }));
}

}  // namespace
}  // namespace intertie::env::real
