// Links that are cut and mended, over real sockets.
#include <gtest/gtest.h>

#include <algorithm>

#include "intertie/env/real/emulated_sites_fixture.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;

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
  sites.ashburn.connect({sites.listener->local_address(), "columbus", 80ms}, [&](Result<std::unique_ptr<Connection>> got) {
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
  ashburn->connect({kAnyPort, "columbus", 10ms}, [](const Result<std::unique_ptr<Connection>>&) { ADD_FAILURE(); });
  ashburn.reset();
  run_until(
      loop, [] { return false; }, 50ms);
}

}  // namespace
}  // namespace intertie::env::real
