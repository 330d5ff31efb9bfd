#include "intertie/env/real/real_network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;

RealNetworkOptions plain_of(const std::string& site) { return {.run = "states", .site = site, .plain = true}; }

TEST(RealNetwork, ConnectsAndNamesThePeers) {
  TwoSites sites;
  ASSERT_TRUE(sites.connect()) << sites.failed->message();
  const Peer& there = sites.at_ashburn.connection->peer();
  EXPECT_EQ(there.name, "columbus");
  EXPECT_EQ(there.run, "states");
  EXPECT_EQ(there.role, "site");
  EXPECT_EQ(there.address, to_string(sites.listener->local_address()));
  EXPECT_EQ(sites.at_columbus.connection->peer().name, "ashburn");
  const std::string control = sites.at_ashburn.connection->congestion_control();
  EXPECT_TRUE(control == "bbr" || control == "cubic" || control == "reno") << control;
  EXPECT_NE(sites.listener->local_address().port, 0);
}

TEST(RealNetwork, ConnectsFromTheAddressThatIsAskedFor) {
  TwoSites sites;
  sites.from = "127.0.0.2";
  ASSERT_TRUE(sites.connect()) << sites.failed->message();
  EXPECT_TRUE(sites.at_columbus.connection->peer().address.starts_with("127.0.0.2:"))
      << sites.at_columbus.connection->peer().address;
}

TEST(RealNetwork, AnAddressThatNobodyCanConnectFromIsAnError) {
  const struct {
    const char* from;
    ErrorCode code;
    const char* why;
  } cases[] = {{"203.0.113.9", ErrorCode::retry, "cannot connect from 203.0.113.9 to 127.0.0.1:"},
               {"::1", ErrorCode::reconfigure, "one is IPv4 and the other IPv6"},
               {"localhost", ErrorCode::reconfigure, "it must be written in numbers"}};
  for (const auto& [from, code, why] : cases) {
    TwoSites sites;
    sites.from = from;
    ASSERT_FALSE(sites.connect()) << from;
    EXPECT_EQ(sites.failed->code, code) << from;
    EXPECT_NE(sites.failed->message().find(why), std::string::npos) << sites.failed->message();
  }
}

TEST(RealNetwork, UsesTheCongestionControlThatIsAskedFor) {
  RealNetworkOptions reno = tls_of("ashburn");  // every kernel has it, and lets everybody have it
  reno.congestion_control = "reno";
  TwoSites sites(reno);
  ASSERT_TRUE(sites.connect()) << sites.failed->message();
  EXPECT_EQ(sites.at_ashburn.connection->congestion_control(), "reno");
}

TEST(RealNetwork, ACongestionControlThatTheSystemLacksIsAnError) {
  RealLoop loop;
  RealNetworkOptions options = tls_of("ashburn");
  options.congestion_control = "pigeon";
  const auto made = RealNetwork::create(loop, options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::reconfigure);
  EXPECT_NE(made.error().message().find("does not let this user have pigeon"), std::string::npos) << made.error().message();
}

// 50 MB in sends of random sizes, echoed, in both modes: every byte, in order.
void echo_much(TwoSites& sites) {
  ASSERT_TRUE(sites.connect()) << sites.failed->message();
  sites.at_ashburn.connection.reset();
  sites.at_columbus.connection.reset();
  sites.listener.reset();
  std::unique_ptr<Connection> there, here;
  sites.listener = *sites.columbus->listen(
      kAnyPort,
      [&](std::unique_ptr<Connection> got) {
        there = std::move(got);
        there->start({.received =
                          [&](std::span<const std::byte> bytes) {
                            there->send(SharedBytes(std::vector<std::byte>(bytes.begin(), bytes.end())));
                          },
                      .drained = {},
                      .closed = {}});
      },
      [](const Error&) {});
  constexpr std::size_t kTotal = 50'000'000;
  Random random(5);
  const SharedBytes pattern = random_bytes(random, 1 << 20);
  std::size_t sent = 0, got = 0;
  bool same = true;
  const auto send_more = [&] {
    while (sent < kTotal && here->unsent().value < 1'000'000) {
      const std::size_t offset = sent % pattern.size();
      const std::size_t bound = random.below(3) == 0 ? 300'000 : 3000;
      const std::size_t size = std::min({1 + random.below(bound), pattern.size() - offset, kTotal - sent});
      here->send(pattern.slice(offset, size));
      sent += size;
    }
  };
  sites.ashburn->connect({sites.listener->local_address(), "columbus", 5s}, [&](Result<std::unique_ptr<Connection>> made) {
    here = std::move(*made);
    here->set_low_mark(Bytes{300'000});
    here->start({.received =
                     [&](std::span<const std::byte> bytes) {
                       for (std::size_t done = 0; done < bytes.size();) {
                         const std::size_t offset = (got + done) % pattern.size();
                         const std::size_t size = std::min(bytes.size() - done, pattern.size() - offset);
                         const auto expected = pattern.view().subspan(offset, size);
                         same = same && std::equal(expected.begin(), expected.end(), bytes.begin() + static_cast<long>(done));
                         done += size;
                       }
                       got += bytes.size();
                     },
                 .drained = send_more,
                 .closed = {}});
    send_more();
  });
  EXPECT_TRUE(run_until(sites.loop, [&] { return got >= kTotal; }));
  EXPECT_EQ(got, kTotal);
  EXPECT_TRUE(same);
  EXPECT_EQ(here->unsent().value, 0u);
  const Sending sending = here->sending();
  EXPECT_GE(sending.acknowledged.value, kTotal - 1'000'000) << "the echo came with the acknowledgement, but for the last of it";
  EXPECT_LT(sending.acknowledged.value, kTotal + kTotal / 10);
  EXPECT_GT(sending.round_trip, 0us);
  EXPECT_LT(sending.silent, 10s);
  EXPECT_GT(sending.packets, kTotal / 70'000) << "of loopback, which are large";
  EXPECT_LE(sending.retransmitted, sending.packets);
}

TEST(RealNetwork, EchoesFiftyMegabytesUnderTls) {
  TwoSites sites;
  echo_much(sites);
}

TEST(RealNetwork, EchoesFiftyMegabytesPlain) {
  TwoSites sites(plain_of("ashburn"), plain_of("columbus"));
  echo_much(sites);
}

TEST(RealNetwork, PlainConnectionsNameNobody) {
  TwoSites sites(plain_of("ashburn"), plain_of("columbus"));
  ASSERT_TRUE(sites.connect());
  EXPECT_EQ(sites.at_ashburn.connection->peer().name, "");
  EXPECT_EQ(sites.at_ashburn.connection->peer().role, "");
}

TEST(RealNetwork, PlainIsForLoopbackOnly) {
  TwoSites sites(plain_of("ashburn"), plain_of("columbus"));
  const auto listener = sites.columbus->listen(
      {"0.0.0.0", 0}, [](std::unique_ptr<Connection>) {}, [](const Error&) {});
  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().message().find("loopback"), std::string::npos);
  sites.dial({"192.0.2.1", 7400});
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed.has_value(); }));
  EXPECT_NE(sites.failed->message().find("loopback"), std::string::npos);
  EXPECT_EQ(sites.failed->code, ErrorCode::reconfigure);
}

TEST(RealNetwork, TlsIsNotSpokenWithAPlainSite) {
  TwoSites sites(tls_of("ashburn"), plain_of("columbus"));
  sites.dial(sites.listener->local_address(), "columbus", 300ms);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed.has_value(); }));
  EXPECT_NE(sites.failed->message().find("phase TLS handshake"), std::string::npos) << sites.failed->message();
}

TEST(RealNetwork, CloseAfterSendingSendsEverythingFirst) {
  TwoSites sites;
  ASSERT_TRUE(sites.connect());
  Random random(1);
  const SharedBytes bytes = random_bytes(random, 5'000'000);
  sites.at_ashburn.connection->send(bytes);
  sites.at_ashburn.connection->close_after_sending();
  sites.at_ashburn.connection->send(bytes);
  EXPECT_FALSE(sites.at_ashburn.closed);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.closed && sites.at_columbus.closed; }));
  EXPECT_TRUE(
      std::equal(bytes.view().begin(), bytes.view().end(), sites.at_columbus.bytes.begin(), sites.at_columbus.bytes.end()));
  EXPECT_EQ(sites.at_ashburn.closed->code, ErrorCode::cancelled);
  EXPECT_EQ(sites.at_columbus.closed->code, ErrorCode::retry);
  EXPECT_NE(sites.at_columbus.closed->message().find("site ashburn"), std::string::npos);
}

TEST(RealNetwork, DrainedComesOnceUnsentHasFallenToTheMark) {
  TwoSites sites;
  ASSERT_TRUE(sites.connect());
  Random random(1);
  sites.at_ashburn.connection->set_low_mark(Bytes{1'000'000});
  sites.at_ashburn.connection->send(random_bytes(random, 500'000));
  run_until(sites.loop, [&] { return sites.at_columbus.received == 500'000; });
  EXPECT_EQ(sites.at_ashburn.drained, 0);
  sites.at_ashburn.connection->send(random_bytes(random, 4'000'000));
  EXPECT_EQ(sites.at_ashburn.connection->unsent().value, 4'000'000u);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.drained > 0; }));
  EXPECT_LE(sites.at_ashburn.connection->unsent().value, 1'000'000u);
  run_until(sites.loop, [&] { return sites.at_columbus.received == 4'500'000; });
  EXPECT_EQ(sites.at_ashburn.drained, 1);
}

TEST(RealNetwork, DestroyingAConnectionInMidTransferSilencesItAndTellsThePeer) {
  for (const bool receiver_goes : {false, true}) {
    TwoSites sites;
    ASSERT_TRUE(sites.connect());
    Random random(1);
    sites.at_ashburn.connection->send(random_bytes(random, 20'000'000));
    ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received > 1'000'000; }));
    Recorder& goes = receiver_goes ? sites.at_columbus : sites.at_ashburn;
    Recorder& stays = receiver_goes ? sites.at_ashburn : sites.at_columbus;
    goes.connection.reset();
    const std::uint64_t had = goes.received;
    ASSERT_TRUE(run_until(sites.loop, [&] { return stays.closed.has_value(); }));
    EXPECT_EQ(stays.closed->code, ErrorCode::retry);
    EXPECT_EQ(goes.received, had);
    EXPECT_FALSE(goes.closed);
    EXPECT_LT(sites.at_columbus.received, 20'000'000u);
    EXPECT_EQ(stays.connection->unsent().value, 0u);
    stays.connection->send(random_bytes(random, 10));
  }
}

TEST(RealNetwork, AConnectionMayBeDestroyedByAnyOfItsHandlers) {
  for (const std::string handler : {"received", "drained", "closed"}) {
    TwoSites sites;
    ASSERT_TRUE(sites.connect());
    Random random(1);
    std::unique_ptr<Connection> here;
    int calls_after = 0;
    const auto destroy = [&](const std::string& which) {
      if (!here) ++calls_after;
      if (which == handler) here.reset();
    };
    sites.listener.reset();
    sites.listener = *sites.columbus->listen(
        kAnyPort,
        [&](std::unique_ptr<Connection> got) {
          here = std::move(got);
          here->start({.received = [&](std::span<const std::byte>) { destroy("received"); },
                       .drained = [&] { destroy("drained"); },
                       .closed = [&](const Error&) { destroy("closed"); }});
          here->send(random_bytes(random, 1000));
        },
        [](const Error&) {});
    sites.at_ashburn.connection.reset();
    sites.dial(sites.listener->local_address());
    ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.connection != nullptr; }));
    sites.at_ashburn.connection->send(random_bytes(random, 1'000'000));
    sites.at_ashburn.connection->close_after_sending();
    EXPECT_TRUE(run_until(sites.loop, [&] { return here == nullptr && sites.at_ashburn.closed; })) << handler;
    EXPECT_EQ(calls_after, 0) << handler;
  }
}

TEST(RealNetwork, ServesManyConnectionsAtOnce) {
  TwoSites sites;
  constexpr std::size_t kMany = 60;
  std::vector<std::unique_ptr<Recorder>> here, there;
  sites.listener.reset();
  sites.listener = *sites.columbus->listen(
      kAnyPort,
      [&](std::unique_ptr<Connection> got) {
        there.push_back(std::make_unique<Recorder>());
        there.back()->take(std::move(got));
      },
      [](const Error& error) { ADD_FAILURE() << error.message(); });
  Random random(3);
  for (std::size_t i = 0; i < kMany; ++i) {
    sites.ashburn->connect({sites.listener->local_address(), "columbus", 10s}, [&, i](Result<std::unique_ptr<Connection>> got) {
      ASSERT_TRUE(got) << got.error().message();
      here.push_back(std::make_unique<Recorder>());
      here.back()->take(std::move(*got));
      here.back()->connection->send(random_bytes(random, 1000 * (i + 1)));
    });
  }
  const auto total = [&] {
    std::uint64_t sum = 0;
    for (const auto& recorder : there) sum += recorder->received;
    return sum;
  };
  EXPECT_TRUE(run_until(sites.loop, [&] { return total() == 1000 * kMany * (kMany + 1) / 2; }));
  EXPECT_EQ(here.size(), kMany);
}

TEST(RealNetwork, CallbacksDoNotRunAfterTheNetworkIsGone) {
  TwoSites sites;
  sites.dial(sites.listener->local_address());
  sites.ashburn.reset();
  run_until(
      sites.loop, [] { return false; }, 100ms);
  EXPECT_FALSE(sites.at_ashburn.connection);
  EXPECT_FALSE(sites.failed);
}

TEST(RealNetwork, PacingLimitsTheRate) {
  TwoSites sites;
  ASSERT_TRUE(sites.connect());
  Random random(1);
  sites.at_ashburn.connection->set_pacing(BitRate{80e6});
  const TimePoint start = sites.loop.now();
  sites.at_ashburn.connection->send(random_bytes(random, 3'000'000));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == 3'000'000; }));
  const double seconds = std::chrono::duration<double>(sites.loop.now() - start).count();
  EXPECT_GT(seconds, 0.2) << "3 MB at 80 Mbit/s take 0.3 s";
}

// So slow that each packet is handed to the system by itself; and then fast again.
TEST(RealNetwork, ASlowPaceKeepsBytesWhole) {
  TwoSites sites;
  ASSERT_TRUE(sites.connect());
  EXPECT_GT(sites.at_ashburn.connection->sending().packet.value, 500U);
  Random random(1);
  sites.at_ashburn.connection->set_pacing(BitRate{8e6});
  const TimePoint start = sites.loop.now();
  sites.at_ashburn.connection->send(random_bytes(random, 400'000));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == 400'000; }));
  EXPECT_GT(seconds_of(sites.loop.now() - start), 0.1) << "the last 300 kB at least, at 8 Mbit/s";
  sites.at_ashburn.connection->send(random_bytes(random, 1'000'000));
  sites.at_ashburn.connection->set_pacing(BitRate{});
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_columbus.received == 1'400'000; }));
}

}  // namespace
}  // namespace intertie::env::real
