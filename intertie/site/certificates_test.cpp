#include "intertie/site/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/site/folders.h"

namespace intertie::site {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A run of sites a and b in a new folder.
class Certificates : public ::testing::Test {
 protected:
  Certificates() {
    std::string folder = (std::filesystem::temp_directory_path() / "intertie-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    file_.path = "run.toml";
    file_.run.name = "r";
    file_.run.folder = folder;
    for (const char* name : {"a", "b"}) file_.sites.emplace_back().name = name;
  }
  ~Certificates() override { std::filesystem::remove_all(file_.run.folder); }

  std::string path(const std::string& name) const { return certificates_folder(file_) + "/" + name; }
  void remove(const std::string& name) { EXPECT_TRUE(std::filesystem::remove(path(name))); }
  void copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(path(from), path(to), std::filesystem::copy_options::overwrite_existing);
  }
  std::string made(const std::string& site) {
    const auto files = make_certificate(disk_, file_, site);
    return files ? "made" : files.error().message();
  }
  std::string checked(const std::string& site, system_clock::time_point now) {
    const auto good = check_certificate(disk_, file_, certificates_folder(file_), site, now);
    return good ? "good" : good.error().message();
  }
  CertificateFiles files_of(const std::string& site) { return certificate_files(disk_, certificates_folder(file_), site); }

  env::real::PosixDisk disk_;
  RunFile file_;
};

TEST_F(Certificates, VisitorsHaveARoleOfTheirOwn) {
  for (const char* name : {"operator", "viewer"}) {
    EXPECT_EQ(role_of(name), name);
    EXPECT_EQ(made(name), "made");
    EXPECT_EQ(checked(name, env::real::RealLoop().wall()), "good");
    EXPECT_EQ(env::real::describe_certificate(path(std::string(name) + ".pem"))->identity,
              (env::real::Identity{"r", name, name}));
    EXPECT_THAT(checked(name, env::real::RealLoop().wall() + hours(366 * 24)),
                AllOf(HasSubstr("expired on "), HasSubstr("; remove ")));
  }
  EXPECT_EQ(role_of("a"), "site");
  copy("viewer.pem", "operator.pem");
  copy("viewer.key", "operator.key");
  EXPECT_THAT(checked("operator", env::real::RealLoop().wall()), HasSubstr("is for role 'viewer', not for an operator"));
}

TEST_F(Certificates, VisitorsBelongToARunWhereTheyAreOrCanBeMade) {
  EXPECT_THAT(certificate_names(disk_, file_), ElementsAre("a", "b", "operator", "viewer"));
  EXPECT_EQ(made("viewer"), "made");
  remove("ca.key");
  EXPECT_THAT(certificate_names(disk_, file_), ElementsAre("a", "b", "viewer"));
}

TEST_F(Certificates, TheAuthorityIsMadeWithTheFirst) {
  EXPECT_FALSE(has_authority(disk_, file_));
  EXPECT_EQ(files_of("a"), CertificateFiles::none);
  EXPECT_EQ(made("a"), "made");
  EXPECT_TRUE(has_authority(disk_, file_) && has_authority_key(disk_, file_));
  EXPECT_EQ(files_of("a"), CertificateFiles::whole);
  EXPECT_EQ(made("b"), "made");
}

TEST_F(Certificates, WhatIsMissingIsNamedWithTheWayToGetIt) {
  const system_clock::time_point now = env::real::RealLoop().wall();
  EXPECT_EQ(
      checked("a", now),
      path("ca.pem") + ": it is not there; 'intertie ca run.toml' makes it; or copy it from the machine where that was run");
  ASSERT_EQ(made("a"), "made");
  EXPECT_EQ(checked("a", now), "good");
  remove("a.key");
  EXPECT_EQ(files_of("a"), CertificateFiles::partial);
  EXPECT_THAT(checked("a", now), HasSubstr(path("a.key") + ": it is not there"));
  EXPECT_EQ(made("a"), "made") << "in the place of a certificate without a key";
  EXPECT_EQ(checked("a", now), "good");
}

TEST_F(Certificates, AnExpiredOneIsNamedWithItsDay) {
  ASSERT_EQ(made("a"), "made");
  const auto facts = env::real::describe_certificate(path("a.pem"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(checked("a", facts->expires - hours(1)), "good");
  EXPECT_THAT(checked("a", facts->expires + hours(1)),
              AllOf(HasSubstr(path("a.pem") + ": the certificate expired on 20"),
                    HasSubstr("'intertie ca run.toml --site a --renew' makes a new one")));
}

TEST_F(Certificates, ThoseThatCannotWorkAreNamedWithTheWayOut) {
  const std::string again = "; remove " + path("a.pem") + " and " + path("a.key") +
                            ", and run 'intertie ca run.toml' where ca.key is, or copy both again from there";
  const auto expect = [&](const std::string& message) {
    EXPECT_EQ(checked("a", env::real::RealLoop().wall()), message);
    EXPECT_EQ(made("a"), "made");
    EXPECT_EQ(checked("a", env::real::RealLoop().wall()), "good");
  };
  ASSERT_EQ(made("a"), "made");
  ASSERT_EQ(made("b"), "made");
  copy("b.pem", "a.pem");
  copy("b.key", "a.key");
  expect(path("a.pem") + ": the certificate is of site 'b', not of 'a'" + again);
  copy("b.key", "a.key");
  expect(path("a.key") + ": not the key of the certificate " + path("a.pem") + again);
  std::filesystem::resize_file(path("a.key"), 0);
  expect(path("a.key") + ": not a private key in PEM form without a pass phrase" + again);
  std::filesystem::resize_file(path("a.pem"), 0);
  expect(path("a.pem") + ": not a certificate in PEM form" + again);
}

TEST_F(Certificates, AnAuthorityThatCannotWork) {
  const std::string anew =
      "remove " + certificates_folder(file_) + ", run 'intertie ca run.toml' and give every site its new files";
  ASSERT_EQ(made("a"), "made");
  const system_clock::time_point now = env::real::RealLoop().wall();
  EXPECT_THAT(checked("a", now + hours(11 * 365 * 24)), HasSubstr("ca.pem: the authority's certificate expired on 20"));
  file_.run.name = "other";
  EXPECT_EQ(checked("a", now), path("ca.pem") + ": it is the authority of run 'r', not of 'other'; " + anew);
  file_.run.name = "r";
  copy("a.pem", "ca.pem");
  EXPECT_EQ(checked("a", now), path("ca.pem") + ": the certificate is of a site, not of an authority; " + anew);
  std::filesystem::resize_file(path("ca.pem"), 0);
  EXPECT_EQ(checked("a", now),
            path("ca.pem") + ": not a certificate in PEM form; copy it again from the machine where ca.key is; or " + anew);
}

TEST_F(Certificates, AnAuthorityWithoutItsCertificateIsNotReplaced) {
  ASSERT_EQ(made("a"), "made");
  remove("ca.pem");
  EXPECT_THAT(made("b"), AllOf(HasSubstr("ca.pem: it is not there, but its key ca.key is; copy it back"),
                               HasSubstr("; or remove " + certificates_folder(file_))));
  remove("ca.key");
  EXPECT_THAT(made("b"), HasSubstr("ca.pem: it is not there, but certificates that it signed are"));
  remove("a.pem");
  remove("a.key");
  EXPECT_EQ(made("b"), "made") << "as if there had never been any";
}

TEST_F(Certificates, WithoutTheAuthoritysKeyNoneIsMade) {
  ASSERT_EQ(made("a"), "made");
  remove("ca.key");
  EXPECT_TRUE(check_authority(disk_, file_)) << "as on the machine of any other site";
  EXPECT_THAT(made("b"), HasSubstr("ca.key: it is not there, and without it no certificate of b can be made"));
  EXPECT_EQ(files_of("b"), CertificateFiles::none);
}

}  // namespace
}  // namespace intertie::site
