#include "intertie/env/real/emulated_network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;

const LinkProfile kLink{BitRate{20e6}, 20ms};

// Ashburn and columbus, each behind its own emulated direction, TLS on loopback.
struct EmulatedSites {
  RealLoop loop;
  EmulatedNetwork ashburn;
  EmulatedNetwork columbus;
  Recorder at_ashburn;
  Recorder at_columbus;
  std::unique_ptr<Listener> listener;

  explicit EmulatedSites(const LinkProfile& there = kLink, const LinkProfile& back = kLink)
      : ashburn(loop, network_of(loop, tls_of("ashburn")), {{"columbus", there}, {"reston", {}}}),
        columbus(loop, network_of(loop, tls_of("columbus")), {{"ashburn", back}}) {
    listener = *columbus.listen(
        kAnyPort, [this](std::unique_ptr<Connection> got) { at_columbus.take(std::move(got)); },
        [](const Error& error) { ADD_FAILURE() << error.message(); });
  }
  void dial(Recorder& recorder) {
    ashburn.connect(listener->local_address(), "columbus", 5s, [&recorder](Result<std::unique_ptr<Connection>> got) {
      ASSERT_TRUE(got) << got.error().message();
      recorder.take(std::move(*got));
    });
  }
  bool connect() {
    dial(at_ashburn);
    return run_until(loop, [&] { return at_ashburn.connection && at_columbus.connection; });
  }
  double seconds_until(const std::function<bool()>& done) {
    const TimePoint start = loop.now();
    EXPECT_TRUE(run_until(loop, done));
    return std::chrono::duration<double>(loop.now() - start).count();
  }
};

constexpr std::size_t kMegabyte = 1'000'000;

// Seconds that a megabyte takes from ashburn to columbus.
double time_a_megabyte(EmulatedSites& sites, const SharedBytes& bytes) {
  sites.at_columbus.bytes.clear();
  sites.at_columbus.received = 0;
  sites.at_ashburn.connection->send(bytes);
  return sites.seconds_until([&] { return sites.at_columbus.received == kMegabyte; });
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
  EmulatedSites sites(kLink, {BitRate{20e6}, 30ms});
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
  sites.at_ashburn.connection->send(bytes);
  second.connection->send(bytes);
  const double seconds = sites.seconds_until(
      [&] { return sites.at_ashburn.connection->unsent().value == 0 && second.connection->unsent().value == 0; });
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

void send_bytes(Recorder& from, std::size_t size) { from.connection->send(SharedBytes(std::vector<std::byte>(size))); }

// A cut shows in what does not happen: for a while that is long against the delay of the link.
bool stays_so(EmulatedSites& sites, const std::function<bool()>& so) {
  return !run_until(
      sites.loop, [&] { return !so(); }, 100ms);
}

struct CutLink : ::testing::TestWithParam<LinkProfile> {
  EmulatedSites sites{GetParam(), GetParam()};
  void cut() { EXPECT_TRUE(sites.ashburn.cut("columbus") && sites.columbus.cut("ashburn")); }
  void mend() { EXPECT_TRUE(sites.ashburn.mend("columbus") && sites.columbus.mend("ashburn")); }
};

INSTANTIATE_TEST_SUITE_P(EmulatedNetwork, CutLink, ::testing::Values(LinkProfile{}, LinkProfile{BitRate{200e6}, 2ms}));

TEST_P(CutLink, HoldsBytesInBothDirectionsUntilItIsMended) {
  ASSERT_TRUE(sites.connect());
  cut();
  send_bytes(sites.at_ashburn, 100'000);
  send_bytes(sites.at_columbus, 10);
  EXPECT_TRUE(stays_so(sites, [&] { return sites.at_columbus.received == 0 && sites.at_ashburn.received == 0; }));
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 100'000u);
  mend();
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == 100'000 && sites.at_ashburn.received == 10; }));
  EXPECT_FALSE(sites.at_ashburn.closed || sites.at_columbus.closed);
}

TEST_P(CutLink, BytesStayInOrderAndLaterOnesFollow) {
  ASSERT_TRUE(sites.connect());
  Random random(1);
  const SharedBytes bytes = random_bytes(random, 60'000);
  sites.at_ashburn.connection->send(bytes.slice(0, 20'000));
  sites.ashburn.cut("columbus");
  sites.at_ashburn.connection->send(bytes.slice(20'000, 20'000));
  sites.ashburn.mend("columbus");
  sites.at_ashburn.connection->send(bytes.slice(40'000, 20'000));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == 60'000; }));
  EXPECT_TRUE(std::equal(bytes.view().begin(), bytes.view().end(), sites.at_columbus.bytes.begin()));
}

TEST_P(CutLink, CutInOneDirectionTheOtherWorks) {
  ASSERT_TRUE(sites.connect());
  EXPECT_TRUE(sites.ashburn.cut("columbus"));
  send_bytes(sites.at_ashburn, 10);
  send_bytes(sites.at_columbus, 10);
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.received == 10; }));
  EXPECT_TRUE(stays_so(sites, [&] { return sites.at_columbus.received == 0; }));
}

TEST_P(CutLink, TheEndOfAConnectionShowsOnlyOnceItIsMended) {
  ASSERT_TRUE(sites.connect());
  cut();
  sites.at_ashburn.connection.reset();
  EXPECT_TRUE(stays_so(sites, [&] { return !sites.at_columbus.closed; }));
  mend();
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.closed.has_value(); }));
}

// As when the process at the other end is killed, which the operating system would tell.
TEST_P(CutLink, TheOtherEndsDeathShowsOnlyOnceItIsMended) {
  ASSERT_TRUE(sites.connect());
  EXPECT_TRUE(sites.columbus.cut("ashburn"));
  sites.at_ashburn.connection.reset();
  EXPECT_TRUE(stays_so(sites, [&] { return !sites.at_columbus.closed; }));
  EXPECT_TRUE(sites.columbus.mend("ashburn"));
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.closed.has_value(); }));
}

TEST_P(CutLink, WhoConnectsFindsNobodyUntilTheDeadline) {
  cut();
  std::optional<Error> error;
  const TimePoint start = sites.loop.now();
  sites.ashburn.connect(sites.listener->local_address(), "columbus", 80ms, [&](Result<std::unique_ptr<Connection>> got) {
    ASSERT_FALSE(got);
    error = got.error();
  });
  ASSERT_TRUE(run_until(sites.loop, [&] { return error.has_value(); }));
  EXPECT_GE(sites.loop.now() - start, 80ms);
  EXPECT_EQ(error->code, ErrorCode::retry);
  EXPECT_NE(error->message().find("no answer from " + to_string(sites.listener->local_address()) + " in time"),
            std::string::npos)
      << error->message();
  mend();
  EXPECT_TRUE(stays_so(sites, [&] { return !sites.at_columbus.connection; })) << "nothing of the attempt is left";
}

TEST_P(CutLink, WhoStillConnectsWhenItIsMendedGetsThrough) {
  cut();
  sites.dial(sites.at_ashburn);
  EXPECT_TRUE(stays_so(sites, [&] { return !sites.at_ashburn.connection && !sites.at_columbus.connection; }));
  mend();
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.connection && sites.at_columbus.connection; }));
}

TEST_P(CutLink, AConnectionThatIsAcceptedAcrossTheCutWaits) {
  sites.columbus.cut("ashburn");
  sites.dial(sites.at_ashburn);
  EXPECT_TRUE(stays_so(sites, [&] { return !sites.at_columbus.connection; }));
  sites.columbus.mend("ashburn");
  EXPECT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.connection != nullptr; }));
}

TEST(EmulatedNetwork, OnlyALinkThatIsThereCanBeCut) {
  EmulatedSites sites;
  EXPECT_FALSE(sites.ashburn.cut("quincy"));
  EXPECT_FALSE(sites.ashburn.mend("quincy"));
  EXPECT_TRUE(sites.ashburn.mend("reston")) << "which is whole already";
}

TEST(EmulatedNetwork, NobodyIsToldAfterItsEnd) {
  RealLoop loop;
  auto ashburn = std::make_unique<EmulatedNetwork>(loop, network_of(loop, tls_of("ashburn")),
                                                   std::map<std::string, LinkProfile>{{"columbus", {}}});
  const auto listener = *ashburn->listen(
      kAnyPort, [](const std::unique_ptr<Connection>&) {}, [](const Error&) {});
  ashburn->cut("columbus");
  ashburn->connect(kAnyPort, "columbus", 10ms, [](const Result<std::unique_ptr<Connection>>&) { ADD_FAILURE(); });
  ashburn.reset();
  run_until(
      loop, [] { return false; }, 50ms);
}

TEST(EmulatedNetwork, SitesWithoutALinkPassThrough) {
  RealLoop loop;
  EmulatedNetwork ashburn(loop, network_of(loop, tls_of("ashburn")), {{"reston", {BitRate{1}, 1h}}});
  auto columbus = network_of(loop, tls_of("columbus"));
  Recorder here, there;
  const auto listener = *columbus->listen(
      kAnyPort, [&](std::unique_ptr<Connection> got) { there.take(std::move(got)); }, [](const Error&) {});
  ashburn.connect(listener->local_address(), "columbus", 5s, [&](Result<std::unique_ptr<Connection>> got) {
    here.take(std::move(*got));
    here.connection->send(SharedBytes(std::vector<std::byte>(100'000)));
  });
  EXPECT_TRUE(run_until(loop, [&] { return there.received == 100'000; }));
}

}  // namespace
}  // namespace intertie::env::real
