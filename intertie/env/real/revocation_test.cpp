#include "intertie/env/real/revocation.h"

#include <gtest/gtest.h>

#include "intertie/env/real/pem.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/sites_fixture.h"
#include "intertie/env/real/tls_context.h"

namespace intertie::env::real {
namespace {

const Identity kOfAshburn{"states", "site", "ashburn"};
const Identity kOfColumbus{"states", "site", "columbus"};

// A folder as the machine with ca.key has it, and one as columbus has it, which gets the list when a test copies it.
class Revocation : public ::testing::Test {
 protected:
  Revocation() {
    EXPECT_TRUE(make_authority(home_.path(), "states"));
    for (const Identity& who : {kOfAshburn, kOfColumbus}) EXPECT_TRUE(issue(home_.path(), who));
    for (const char* name : {"ca.pem", "columbus.pem", "columbus.key"}) copy(name);
  }
  void copy(const std::string& name) {
    const auto bytes = PosixDisk().read(home_ / name);
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(write_file_atomically(there_ / name, *bytes, 0600));
  }
  void revoked(const Identity& who) {
    const auto list = revoke(home_.path(), who);
    ASSERT_TRUE(list) << list.error().message();
    EXPECT_EQ(*list, home_ / "ca.crl");
  }
  RealNetworkOptions ashburn() const {
    TlsFiles files = tls_files(home_.path(), "ashburn");
    files.revoked.clear();  // it does not know
    return {.run = "states", .site = "ashburn", .tls = files};
  }
  RealNetworkOptions columbus() const {
    return {.run = "states", .site = "columbus", .tls = tls_files(there_.path(), "columbus")};
  }
  std::string loaded(const std::string& folder, const std::string& site) const {
    const auto made = TlsContext::load(tls_files(folder, site), "states", site);
    return made ? "good" : made.error().message();
  }
  ScratchFolder home_;
  ScratchFolder there_;
};

// As both say it.
void expect_revoked(TwoSites& sites) {
  sites.dial(sites.listener->local_address());
  const bool over = run_until(sites.loop, [&] { return !sites.refused.empty() && sites.at_ashburn.closed.has_value(); });
  ASSERT_TRUE(over);
  EXPECT_NE(sites.refused[0].message().find("phase certificate: the certificate of site ashburn was revoked; give it the new"),
            std::string::npos)
      << sites.refused[0].message();
  EXPECT_NE(sites.at_ashburn.closed->message().find("the other side refused this site's certificate: revoked"),
            std::string::npos)
      << sites.at_ashburn.closed->message();
}

TEST_F(Revocation, IsHeededByASiteThatStarts) {
  revoked(kOfAshburn);
  copy("ca.crl");
  TwoSites sites(ashburn(), columbus());
  expect_revoked(sites);
}

TEST_F(Revocation, IsHeededByASiteThatRuns) {
  TwoSites sites(ashburn(), columbus());
  ASSERT_TRUE(sites.connect());
  revoked(kOfAshburn);
  copy("ca.crl");
  sites.at_ashburn.connection.reset();
  sites.at_columbus.connection.reset();
  expect_revoked(sites);
}

TEST_F(Revocation, AlsoByTheSideThatConnects) {
  revoked(kOfColumbus);
  RealNetworkOptions knows = ashburn();
  knows.tls->revoked = home_ / "ca.crl";
  TwoSites sites(knows, columbus());
  sites.dial(sites.listener->local_address());
  ASSERT_TRUE(run_until(sites.loop, [&] { return sites.failed && !sites.refused.empty(); }));
  EXPECT_NE(sites.failed->message().find("phase certificate: the certificate of site columbus was revoked"), std::string::npos)
      << sites.failed->message();
  EXPECT_NE(sites.refused[0].message().find("the other side refused this site's certificate: revoked"), std::string::npos)
      << sites.refused[0].message();
}

TEST_F(Revocation, OfASitesOwnIsSaidAtItsStartAndANewOneIsGood) {
  revoked(kOfAshburn);
  revoked(kOfAshburn);  // changes nothing
  EXPECT_EQ(loaded(home_.path(), "columbus"), "good");
  EXPECT_NE(loaded(home_.path(), "ashburn").find("ashburn.pem: the certificate of site ashburn was revoked"),
            std::string::npos);
  ASSERT_TRUE(issue(home_.path(), kOfAshburn, {.replace = true}));
  EXPECT_EQ(loaded(home_.path(), "ashburn"), "good");
  revoked(kOfColumbus);
  EXPECT_NE(loaded(home_.path(), "columbus").find("was revoked"), std::string::npos);
  const auto authority = load_certificate(home_ / "ca.pem");
  const auto list = load_revoked(home_ / "ca.crl", **authority);
  ASSERT_TRUE(list);
  EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list->get())), 2) << "the first stays on it";
}

TEST_F(Revocation, AListThatCannotBeUsedLetsNobodyIn) {
  const ScratchFolder other;
  ASSERT_TRUE(make_authority(other.path(), "states"));
  ASSERT_TRUE(issue(other.path(), kOfAshburn));
  ASSERT_TRUE(revoke(other.path(), kOfAshburn));
  const auto foreign = PosixDisk().read(other / "ca.crl");
  TwoSites sites(ashburn(), columbus());
  ASSERT_TRUE(write_file_atomically(there_ / "ca.crl", *foreign, 0600));
  sites.dial(sites.listener->local_address());
  ASSERT_TRUE(run_until(sites.loop, [&] { return !sites.refused.empty(); }));
  const std::string words = sites.refused[0].message();
  EXPECT_NE(words.find("ca.crl: this list of revoked certificates was not signed by the authority in ca.pem"),
            std::string::npos)
      << words;
  EXPECT_EQ(sites.refused[0].code, ErrorCode::retry);
  EXPECT_NE(loaded(there_.path(), "columbus").find("was not signed by the authority"), std::string::npos);
  ASSERT_TRUE(write_file_atomically(there_ / "ca.crl", std::vector<std::byte>(100), 0600));
  EXPECT_NE(loaded(there_.path(), "columbus").find("ca.crl: not a list of revoked certificates in PEM form"),
            std::string::npos);
  revoked(kOfColumbus);
  ASSERT_TRUE(issue(home_.path(), kOfColumbus, {.replace = true}));
  for (const char* name : {"ca.crl", "columbus.pem", "columbus.key"}) copy(name);
  sites.failed.reset();
  EXPECT_TRUE(sites.connect()) << "it can be used again";
}

TEST_F(Revocation, NeedsACertificateThatTheAuthoritySigned) {
  const ScratchFolder other;
  ASSERT_TRUE(make_authority(other.path(), "states"));
  const auto files = issue(other.path(), kOfAshburn);
  const auto foreign = PosixDisk().read(files->certificate);
  ASSERT_TRUE(write_file_atomically(home_ / "ashburn.pem", *foreign, 0600));
  const auto refused = revoke(home_.path(), kOfAshburn);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("it is no certificate of site ashburn that this authority signed"),
            std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace intertie::env::real
