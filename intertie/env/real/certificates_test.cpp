#include "intertie/env/real/certificates.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "intertie/env/real/pem.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/scratch_folder_fixture.h"

namespace intertie::env::real {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

const Identity kAshburn{"states", "site", "ashburn"};

TEST(Certificates, OnlyOperatorsAndViewersAreVisitors) {
  EXPECT_TRUE(is_visitor(kOperatorRole));
  EXPECT_TRUE(is_visitor(kViewerRole));
  for (const char* role : {"site", "authority", "Viewer", ""}) EXPECT_FALSE(is_visitor(role)) << role;
}

TEST(Certificates, AnAuthorityIssuesACertificateThatSaysWhoItIs) {
  ScratchFolder folder;
  const std::string certificates = folder / "new/folder";
  const auto ca = make_authority(certificates, "states");
  ASSERT_TRUE(ca) << ca.error().message();
  const auto files = issue(certificates, kAshburn);
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_EQ(files->ca, *ca);
  const auto facts = describe_certificate(files->certificate);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->identity, kAshburn);
  EXPECT_EQ(facts->fingerprint.size(), 95u);
  const auto now = system_clock::now();
  EXPECT_LT(facts->valid_from, now);
  EXPECT_NEAR(std::chrono::duration<double>(facts->expires - now).count(), 365.0 * 86400, 7200);
  const auto authority = describe_certificate(*ca);
  EXPECT_EQ(authority->identity, (Identity{"states", "authority", "states"}));
  EXPECT_NEAR(std::chrono::duration<double>(authority->expires - now).count(), 3650.0 * 86400, 7200);
  EXPECT_NE(authority->fingerprint, facts->fingerprint);
}

TEST(Certificates, KeysAreForTheirOwnerOnlyAndSerialsAreRandom) {
  ScratchFolder folder;
  ASSERT_TRUE(make_authority(folder.path(), "states"));
  std::set<std::string> serials;
  for (const char* name : {"ashburn", "columbus", "reston"}) {
    const auto files = issue(folder.path(), {"states", "site", name});
    ASSERT_TRUE(files);
    struct stat about {};
    ASSERT_EQ(::stat(files->key.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777u, 0600u);
    const auto certificate = load_certificate(files->certificate);
    BIGNUM* serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate->get()), nullptr);
    EXPECT_EQ(BN_num_bytes(serial), 16);
    char* text = BN_bn2hex(serial);
    serials.insert(text);
    OPENSSL_free(text);
    BN_free(serial);
  }
  EXPECT_EQ(serials.size(), 3u);
}

TEST(Certificates, NothingIsOverwrittenUnasked) {
  ScratchFolder folder;
  ASSERT_TRUE(make_authority(folder.path(), "states"));
  ASSERT_TRUE(issue(folder.path(), kAshburn));
  const auto before = *PosixDisk().read(folder / "ca.key");
  const auto again = make_authority(folder.path(), "states");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message().find("ca.key"), std::string::npos);
  EXPECT_FALSE(issue(folder.path(), kAshburn));
  EXPECT_EQ(*PosixDisk().read(folder / "ca.key"), before);
  EXPECT_TRUE(issue(folder.path(), kAshburn, {.replace = true}));
  EXPECT_TRUE(make_authority(folder.path(), "states", {.replace = true}));
  EXPECT_NE(*PosixDisk().read(folder / "ca.key"), before);
}

TEST(Certificates, RefusesWhatCannotWork) {
  ScratchFolder folder;
  ScratchFolder other;
  ASSERT_TRUE(make_authority(folder.path(), "states"));
  ASSERT_TRUE(make_authority(other.path(), "states"));
  const struct {
    Error error;
    const char* says;
  } cases[] = {
      {make_authority(folder / "x", "a/b").error(), "name of the run"},
      {issue(folder.path(), {"states", "site", "../evil"}).error(), "name of the site"},
      {issue(folder.path(), {"states", "site", ""}).error(), "name of the site"},
      {issue(folder.path(), {"states", "site", "ca"}).error(), "choose another name"},
      {issue(folder.path(), {"countries", "site", "ashburn"}).error(), "authority of run 'states', not of 'countries'"},
      {issue(folder / "none", kAshburn).error(), "none/ca.pem: cannot read: no such file"},
  };
  for (const auto& c : cases) EXPECT_NE(c.error.message().find(c.says), std::string::npos) << c.error.message();
  ASSERT_TRUE(PosixDisk().write_atomically(folder / "ca.key", *PosixDisk().read(other / "ca.key")));
  EXPECT_NE(issue(folder.path(), kAshburn).error().message().find("not the key of the authority"), std::string::npos);
}

TEST(Certificates, BadFilesAreNamed) {
  ScratchFolder folder;
  ASSERT_TRUE(make_authority(folder.path(), "states"));
  const auto files = issue(folder.path(), kAshburn);
  PosixDisk disk;
  std::vector<std::byte> truncated = *disk.read(files->certificate);
  truncated.resize(truncated.size() / 2);
  ASSERT_TRUE(disk.write_atomically(folder / "half.pem", truncated));
  ASSERT_TRUE(disk.write_atomically(folder / "empty.pem", {}));
  ASSERT_TRUE(disk.write_atomically(folder / "large.pem", std::vector<std::byte>(2 << 20)));
  const std::pair<std::string, std::string> cases[] = {
      {folder / "none.pem", "no such file"},       {folder / "half.pem", "not a certificate in PEM form"},
      {folder / "empty.pem", "not a certificate"}, {files->key, "not a certificate in PEM form"},
      {folder / "large.pem", "too large"},         {folder.path(), "it is a folder"},
  };
  for (const auto& [path, says] : cases) {
    const auto facts = describe_certificate(path);
    ASSERT_FALSE(facts) << path;
    EXPECT_NE(facts.error().message().find(says), std::string::npos) << facts.error().message();
    EXPECT_NE(facts.error().message().find(path), std::string::npos) << facts.error().message();
  }
  EXPECT_NE(load_key(files->certificate).error().message().find("not a private key"), std::string::npos);
}

TEST(Certificates, IdentitiesSurviveTheUriAndBadOnesDoNot) {
  EXPECT_EQ(to_uri(kAshburn), "intertie://states/site/ashburn");
  EXPECT_EQ(identity_from_uri(to_uri(kAshburn)), kAshburn);
  for (const char* uri : {"", "intertie://", "intertie://a", "intertie://a/b", "intertie://a/b/", "intertie:///b/c",
                          "intertie://a//c", "https://a/b/c", "intertie://a/b/c/d", "intertie://a/b/c d", "intertie://a/b/.c"})
    EXPECT_FALSE(identity_from_uri(uri)) << uri;
}

}  // namespace
}  // namespace intertie::env::real
