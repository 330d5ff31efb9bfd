#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;
using std::chrono::system_clock;

bool says(const Error& error, const std::string& text) { return error.message().find(text) != std::string::npos; }

// A TCP connection that says `text`, and then nothing.
struct RawPeer {
  asio::ip::tcp::socket socket;
  RawPeer(RealLoop& loop, const Address& address, const std::string& text = "", const std::string& from = "")
      : socket(loop.io()) {
    if (!from.empty()) {
      socket.open(asio::ip::tcp::v4());
      socket.bind({asio::ip::make_address(from), 0});
    }
    socket.connect({asio::ip::make_address(address.host), address.port});
    if (!text.empty()) asio::write(socket, asio::buffer(text));
  }
};

TEST(RealNetworkErrors, NothingListens) {
  TwoSites sites;
  const Address address = sites.listener->local_address();
  sites.listener.reset();
  sites.dial(address);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed.has_value(); }));
  EXPECT_TRUE(says(*sites.failed, "nothing listens at " + to_string(address) + "; start site columbus or check its address"))
      << sites.failed->message();
  EXPECT_TRUE(says(*sites.failed, "site columbus (" + to_string(address) + "), phase connect"));
  EXPECT_EQ(sites.failed->code, ErrorCode::retry);
}

TEST(RealNetworkErrors, NameNotFound) {
  TwoSites sites;
  sites.dial({"no-such-host.invalid", 7400}, "columbus", 3s);
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed.has_value(); }));
  EXPECT_TRUE(says(*sites.failed, "phase resolve")) << sites.failed->message();
  EXPECT_TRUE(says(*sites.failed, "no-such-host.invalid"));
}

TEST(RealNetworkErrors, PortInUseAndForeignAddress) {
  TwoSites sites;
  const auto ignore = [](std::unique_ptr<Connection>) {};
  const Address address = sites.listener->local_address();
  const auto second = sites.ashburn->listen(address, ignore, [](const Error&) {});
  ASSERT_FALSE(second);
  EXPECT_TRUE(says(second.error(), "listening at " + to_string(address) + ": the port is in use; stop what listens there"));
  EXPECT_EQ(second.error().code, ErrorCode::reconfigure);
  const auto foreign = sites.ashburn->listen({"192.0.2.1", 7400}, ignore, [](const Error&) {});
  ASSERT_FALSE(foreign);
  EXPECT_TRUE(says(foreign.error(), "does not have that address")) << foreign.error().message();
}

// While it lives, this process can open no file.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

TEST(RealNetworkErrors, TooManyOpenFiles) {
  ASSERT_TRUE(TwoSites().connect()) << "after it UBSan knows the types; to look at a new one it opens two files";
  TwoSites sites;
  const Address address = sites.listener->local_address();
  const RawPeer waiting(sites.loop, address);
  {
    const NoMoreFiles limit;
    ASSERT_TRUE(run_until(sites.loop, [&] { return !sites.refused.empty(); }));
  }
  EXPECT_TRUE(says(sites.refused[0], "listening at " + to_string(address) + ": this process has too many open files; raise"))
      << sites.refused[0].message();
  EXPECT_TRUE(sites.connect()) << "it goes on once there are some again";
}

TEST(RealNetworkErrors, AnotherSiteThanExpected) {
  TwoSites sites;
  sites.dial(sites.listener->local_address(), "reston");
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed && !sites.refused.empty(); }));
  EXPECT_TRUE(
      says(*sites.failed, "phase certificate: the certificate is of site 'columbus', not of 'reston'; check the addresses"))
      << sites.failed->message();
  EXPECT_EQ(sites.failed->code, ErrorCode::reconfigure);
  EXPECT_TRUE(says(sites.refused[0], "the other side refused this site's certificate")) << sites.refused[0].message();
}

// Ashburn has files of its own making.
class BadCertificates : public ::testing::Test {
 protected:
  ScratchFolder scratch_;
  TlsFiles issued(const std::string& run, const std::string& role, const IssueOptions& options = {}) {
    EXPECT_TRUE(make_authority(scratch_.path(), run));
    const auto files = issue(scratch_.path(), {run, role, "ashburn"}, options);
    EXPECT_TRUE(files);
    return *files;
  }
};

TEST_F(BadCertificates, OneOfAnUnknownAuthorityIsRefusedByBothSides) {
  const TlsFiles files = issued("states", "site");
  TwoSites sites({.run = "states", .site = "ashburn", .tls = files});
  sites.dial(sites.listener->local_address());
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed && !sites.refused.empty(); }));
  EXPECT_TRUE(
      says(*sites.failed, "the certificate of site columbus was issued by an authority that is not this run's; give every"))
      << sites.failed->message();
  EXPECT_TRUE(says(sites.refused[0], "issued by an authority that it does not know")) << sites.refused[0].message();
}

TEST_F(BadCertificates, OneOfAnotherRunIsRefused) {
  const TlsFiles files = issued("countries", "site");
  TwoSites sites({.run = "countries", .site = "ashburn", .tls = files});
  sites.dial(sites.listener->local_address());
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed && !sites.refused.empty(); }));
  EXPECT_TRUE(says(*sites.failed, "the certificate of site columbus is of run 'states', not of 'countries'"))
      << sites.failed->message();
}

TEST_F(BadCertificates, OwnFilesAreCheckedBeforeAnythingIsSent) {
  RealLoop loop;
  const auto create = [&](const std::string& run, const std::string& site, const TlsFiles& files) {
    const auto made = RealNetwork::create(loop, {.run = run, .site = site, .tls = files});
    return made ? Error{.code = {}, .where = {}, .what = "accepted", .fix = {}, .cause = {}} : made.error();
  };
  const TlsFiles good = issued("states", "site");
  EXPECT_EQ(create("states", "ashburn", good).what, "accepted");
  EXPECT_TRUE(says(create("states", "columbus", good), "is of site 'ashburn', not of 'columbus'"));
  EXPECT_TRUE(says(create("countries", "ashburn", good), "is of run 'states', not of 'countries'"));
  TlsFiles mixed = good;
  mixed.key = tls_files(certificates().path(), "ashburn").key;
  EXPECT_TRUE(says(create("states", "ashburn", mixed), "not the key of the certificate " + good.certificate));
  TlsFiles other_authority = good;
  other_authority.ca = certificates() / "ca.pem";
  EXPECT_TRUE(says(create("states", "ashburn", other_authority), "authority that is not this run's"));
  TlsFiles absent = good;
  absent.ca = scratch_ / "none.pem";
  EXPECT_TRUE(says(create("states", "ashburn", absent), "none.pem: cannot read: no such file"));
  const auto expired =
      issue(scratch_.path(), {"states", "site", "old"}, {.from = system_clock::now() - hours(48), .valid = hours(24)});
  EXPECT_TRUE(says(create("states", "old", *expired), "the certificate of site old expired on "));
  const auto early = issue(scratch_.path(), {"states", "site", "early"}, {.from = system_clock::now() + hours(24)});
  EXPECT_TRUE(says(create("states", "early", *early), "is not valid before "));
  const auto other = issue(scratch_.path(), {"states", "operator", "anna"});
  EXPECT_TRUE(says(create("states", "anna", *other), "is for role 'operator', not for a site"));
}

RealNetworkOptions visitor(const std::string& role) {
  return {.run = "states", .site = role, .tls = tls_files(certificates().path(), role), .role = role};
}
// A site that may be visited.
RealNetworkOptions open_house(const std::string& site) {
  RealNetworkOptions options = tls_of(site);
  options.visitors = true;
  return options;
}

TEST(RealNetworkErrors, AVisitorIsAcceptedOnlyWhereVisitorsAre) {
  for (const char* role : {kOperatorRole, kViewerRole}) {
    TwoSites open(visitor(role), open_house("columbus"));
    ASSERT_TRUE(open.connect()) << open.failed->message();
    EXPECT_EQ(open.at_columbus.connection->peer().role, role);
    EXPECT_EQ(open.at_ashburn.connection->peer().name, "columbus");
    TwoSites closed(visitor(role), tls_of("columbus"));
    closed.dial(closed.listener->local_address());
    ASSERT_TRUE(run_until(closed.loop, [&] { return !closed.refused.empty(); }));
    EXPECT_TRUE(says(closed.refused[0], std::string("is for role '") + role + "', not for a site"))
        << closed.refused[0].message();
  }
}

TEST(RealNetworkErrors, WhereVisitorsAreAcceptedOthersAreNot) {
  const ScratchFolder scratch;
  ASSERT_TRUE(make_authority(scratch.path(), "states"));
  const auto files = issue(scratch.path(), {"states", "operator", "operator"});
  TwoSites sites({.run = "states", .site = "operator", .tls = *files, .role = "operator"}, open_house("columbus"));
  sites.dial(sites.listener->local_address());
  ASSERT_TRUE(run_until(sites.loop, [&] { return !sites.refused.empty(); }));
  EXPECT_TRUE(says(sites.refused[0], "issued by an authority that")) << sites.refused[0].message();
}

TEST(RealNetworkErrors, AVisitorIsNoSiteToConnectTo) {
  TwoSites sites(tls_of("ashburn"), visitor(kOperatorRole));
  sites.dial(sites.listener->local_address(), "operator");
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed.has_value(); }));
  EXPECT_TRUE(says(*sites.failed, "is for role 'operator', not for a site")) << sites.failed->message();
}

TEST(RealNetworkErrors, AnybodyOfTheRunWillDoWhereNoSiteIsNamed) {
  TwoSites sites(visitor(kViewerRole), open_house("columbus"));
  sites.dial(sites.listener->local_address(), "");
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.at_ashburn.connection != nullptr; }));
  EXPECT_EQ(sites.at_ashburn.connection->peer().name, "columbus");
  TwoSites nobody(visitor(kViewerRole));
  nobody.listener.reset();
  nobody.dial({"127.0.0.1", 1}, "");
  ASSERT_TRUE(run_until(nobody.loop, [&] { return nobody.failed.has_value(); }));
  EXPECT_TRUE(says(*nobody.failed, "127.0.0.1:1, phase connect: nothing listens at 127.0.0.1:1; start the site or check"))
      << nobody.failed->message();
}

TEST(RealNetworkErrors, ASilentPeerIsDroppedAtTheDeadline) {
  RealNetworkOptions options = tls_of("columbus");
  options.accept_deadline = 100ms;
  TwoSites sites(tls_of("ashburn"), options);
  RawPeer silent(sites.loop, sites.listener->local_address());
  ASSERT_TRUE(run_until(
      sites.loop, [&] { return !sites.refused.empty(); }, 2s));
  EXPECT_TRUE(says(sites.refused[0], "connection from 127.0.0.1:")) << sites.refused[0].message();
  EXPECT_TRUE(says(sites.refused[0], "phase TLS handshake: no TLS handshake in time"));
  EXPECT_TRUE(sites.connect()) << "the listener goes on";
}

TEST(RealNetworkErrors, ASilentListenerIsGivenUpAtTheDeadline) {
  TwoSites sites;
  asio::ip::tcp::acceptor silent(sites.loop.io(), {asio::ip::make_address("127.0.0.1"), 0});
  sites.dial({"127.0.0.1", silent.local_endpoint().port()}, "columbus", 100ms);
  ASSERT_TRUE(run_until(
      sites.loop, [&] { return sites.failed.has_value(); }, 2s));
  EXPECT_TRUE(says(*sites.failed, "phase TLS handshake: no TLS handshake in time")) << sites.failed->message();
}

TEST(RealNetworkErrors, WhatIsNotTlsIsRefused) {
  TwoSites sites;
  RawPeer browser(sites.loop, sites.listener->local_address(), "GET / HTTP/1.1\r\nHost: columbus\r\n\r\n");
  RawPeer noise(sites.loop, sites.listener->local_address(), std::string(1000, '\x55'));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.refused.size() == 2; }));
  for (const Error& error : sites.refused) {
    EXPECT_TRUE(says(error, "what the other side sent is not TLS")) << error.message();
    EXPECT_EQ(error.code, ErrorCode::reconfigure);
  }
}

TEST(RealNetworkErrors, TooManyHandshakesDropTheOldest) {
  RealNetworkOptions options = tls_of("columbus");
  options.most_handshakes = 4;
  TwoSites sites(tls_of("ashburn"), options);
  std::vector<std::unique_ptr<RawPeer>> silent;
  for (int i = 0; i < 7; ++i) silent.push_back(std::make_unique<RawPeer>(sites.loop, sites.listener->local_address()));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.refused.size() == 3; }));
  EXPECT_TRUE(says(sites.refused[0], "too many connections are waiting")) << sites.refused[0].message();
  EXPECT_TRUE(says(sites.refused[0], std::to_string(silent[0]->socket.local_endpoint().port())));
  EXPECT_TRUE(sites.connect()) << "a site still gets in";
}

// Its handshake takes its time, and somebody at another address tries to push it out.
TEST(RealNetworkErrors, WhoHasFewHandshakesKeepsThem) {
  RealNetworkOptions options = tls_of("columbus");
  options.most_handshakes = 4;
  TwoSites sites(tls_of("ashburn"), options);
  RawPeer slow(sites.loop, sites.listener->local_address());
  std::vector<std::unique_ptr<RawPeer>> flood;
  for (int i = 0; i < 20; ++i)
    flood.push_back(std::make_unique<RawPeer>(sites.loop, sites.listener->local_address(), "", "127.0.0.2"));
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.refused.size() == 17; }));
  for (const Error& error : sites.refused) EXPECT_TRUE(says(error, "connection from 127.0.0.2:")) << error.message();
}

TEST(RealNetworkErrors, ListenersGoneWithHandshakesUnderWay) {
  TwoSites sites;
  RawPeer silent(sites.loop, sites.listener->local_address());
  run_until(
      sites.loop, [] { return false; }, 20ms);
  sites.listener.reset();
  run_until(
      sites.loop, [] { return false; }, 20ms);
  EXPECT_TRUE(sites.refused.empty());
}

}  // namespace
}  // namespace intertie::env::real
