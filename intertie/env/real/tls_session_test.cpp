#include "intertie/env/real/tls_session.h"

#include <gtest/gtest.h>

#include "intertie/env/real/pem.h"
#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

std::unique_ptr<TlsContext> context_of(const std::string& site) {
  auto context = TlsContext::load(tls_files(certificates().path(), site), "states", site);
  EXPECT_TRUE(context) << context.error().message();
  return std::move(*context);
}

// Carries what one side has to say to the other.
void carry(TlsSession& from, TlsSession& to) {
  const std::vector<std::byte> bytes = std::exchange(from.output(), {});
  to.receive(bytes);
  to.keep_rest();
}

struct Pair {
  std::unique_ptr<TlsContext> ashburn = context_of("ashburn");
  std::unique_ptr<TlsContext> columbus = context_of("columbus");
  TlsSession client;
  TlsSession server;
  explicit Pair(TlsSession::Options of_client = {.expected_site = "columbus", .who = "there"})
      : client(*ashburn, std::move(of_client)), server(*columbus, {.accepts = true, .who = "here"}) {
    EXPECT_FALSE(*client.handshake());
    carry(client, server);
    EXPECT_FALSE(*server.handshake());
    carry(server, client);
    EXPECT_TRUE(*client.handshake());
    carry(client, server);
    EXPECT_TRUE(*server.handshake());
  }
};

std::size_t read_all(TlsSession& session, std::vector<std::byte>& into) {
  std::vector<std::byte> piece(20'000);
  std::size_t total = 0;
  while (true) {
    const auto got = session.read(piece);
    EXPECT_TRUE(got) << got.error().message();
    if (!got || *got == 0) return total;
    into.insert(into.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
    total += *got;
  }
}

TEST(TlsSession, NamesThePeersAndSendsNoTickets) {
  Pair pair;
  EXPECT_EQ(pair.client.peer().name, "columbus");
  EXPECT_EQ(pair.server.peer().name, "ashburn");
  EXPECT_EQ(pair.server.peer().run, "states");
  EXPECT_TRUE(pair.server.output().empty()) << "a ticket would lie here";
}

TEST(TlsSession, BytesArriveHoweverTheNetworkCutsThem) {
  Pair pair;
  Random random(11);
  std::vector<std::byte> sent, got;
  for (int i = 0; i < 30; ++i) {
    const SharedBytes bytes = random_bytes(random, 1 + random.below(60'000));
    sent.insert(sent.end(), bytes.view().begin(), bytes.view().end());
    ASSERT_TRUE(pair.client.write(bytes.view()));
  }
  const std::vector<std::byte> wire = std::exchange(pair.client.output(), {});
  for (std::size_t done = 0; done < wire.size();) {
    const std::size_t size = std::min<std::size_t>(1 + random.below(40'000), wire.size() - done);
    pair.server.receive(std::span(wire).subspan(done, size));
    read_all(pair.server, got);
    done += size;
  }
  EXPECT_EQ(got, sent);
}

TEST(TlsSession, KeysAreUpdatedInTime) {
  Pair pair({.key_update_after = Bytes{100'000}});
  Random random(1);
  std::vector<std::byte> sent, got;
  for (int i = 0; i < 100; ++i) {
    const SharedBytes bytes = random_bytes(random, 10'000);
    sent.insert(sent.end(), bytes.view().begin(), bytes.view().end());
    ASSERT_TRUE(pair.client.write(bytes.view()));
    carry(pair.client, pair.server);
    read_all(pair.server, got);
  }
  EXPECT_EQ(pair.client.key_updates(), 9u);
  EXPECT_EQ(got, sent);
}

// The limit is one of records, however short they are.
TEST(TlsSession, KeysAreUpdatedAfterManyShortRecords) {
  Pair pair({.key_update_after_records = 10});
  std::vector<std::byte> got;
  const std::vector<std::byte> short_one(1), three_records(40'000);
  for (int i = 0; i < 101; ++i) {
    ASSERT_TRUE(pair.client.write(short_one));
    carry(pair.client, pair.server);
    read_all(pair.server, got);
  }
  EXPECT_EQ(pair.client.key_updates(), 10u);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pair.client.write(three_records));
  EXPECT_EQ(pair.client.key_updates(), 11u) << "a long write is several";
  carry(pair.client, pair.server);
  read_all(pair.server, got);
  EXPECT_EQ(got.size(), 101 + 4 * three_records.size());
}

TEST(TlsSession, TheClosingNoticeEndsTheStream) {
  Pair pair;
  ASSERT_TRUE(pair.client.write(SharedBytes(std::vector<std::byte>(100)).view()));
  pair.client.close();
  carry(pair.client, pair.server);
  std::vector<std::byte> got;
  EXPECT_EQ(read_all(pair.server, got), 100u);
  EXPECT_TRUE(pair.server.ended());
}

TEST(TlsSession, ChangedBytesAreAnError) {
  Pair pair;
  ASSERT_TRUE(pair.client.write(SharedBytes(std::vector<std::byte>(100)).view()));
  pair.client.output()[50] ^= std::byte{1};
  carry(pair.client, pair.server);
  std::vector<std::byte> piece(1000);
  EXPECT_FALSE(pair.server.read(piece));
}

// A stranger made with OpenSSL alone, which checks nothing and shows whatever it was given.
struct Stranger {
  ContextHandle context{SSL_CTX_new(TLS_method())};
  SslHandle ssl;
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());

  Stranger(bool accepts, X509* certificate, EVP_PKEY* key, int version = TLS1_3_VERSION) {
    SSL_CTX_set_max_proto_version(context.get(), version);
    if (certificate != nullptr) {
      EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key), 1);
    }
    ssl.reset(SSL_new(context.get()));
    SSL_set_bio(ssl.get(), in, out);
    accepts ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
    if (accepts) SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  void exchange_with(TlsSession& session) {
    SSL_do_handshake(ssl.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
    session.receive(bytes);
    session.keep_rest();
    BIO_reset(out);
  }
  void hear(TlsSession& session) {
    const std::vector<std::byte> bytes = std::exchange(session.output(), {});
    if (!bytes.empty()) BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
  }
};

// The outcome at our side of a handshake with a stranger.
Result<bool> meet(Stranger& stranger, TlsSession& session) {
  for (int i = 0; i < 4; ++i) {
    stranger.exchange_with(session);
    auto outcome = session.handshake();
    stranger.hear(session);
    if (!outcome || *outcome) return outcome;
  }
  return false;
}

struct Files {
  CertificateHandle certificate;
  KeyHandle key;
};

Files load(const TlsFiles& files) { return {*load_certificate(files.certificate), *load_key(files.key)}; }

Files fresh(const Identity& identity, IssueOptions options = {}) {
  options.replace = true;
  const auto files = issue(certificates().path(), identity, options);
  EXPECT_TRUE(files) << files.error().message();
  return load(*files);
}

// A certificate that the run's own authority signed, but with another name in it.
Files forged(const char* alternative_name) {
  Files files = fresh({"states", "site", "forged"});
  X509* certificate = files.certificate.get();
  X509_EXTENSION_free(X509_delete_ext(certificate, X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)));
  if (alternative_name != nullptr) {
    const ExtensionHandle name(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name));
    EXPECT_EQ(X509_add_ext(certificate, name.get(), -1), 1);
  }
  EXPECT_GT(X509_sign(certificate, load_key(certificates() / "ca.key")->get(), EVP_sha256()), 0);
  return files;
}

Files of_another_authority(const std::string& run) {
  const ScratchFolder folder;
  EXPECT_TRUE(make_authority(folder.path(), run));
  return load(*issue(folder.path(), {run, "site", "columbus"}));
}

TEST(TlsSession, EachBadCertificateIsRefusedByBothSidesAndNamed) {
  const auto yesterday = system_clock::now() - hours(24);
  struct {
    Files files;
    std::string says;
  } cases[] = {
      {fresh({"states", "site", "late"}, {.from = yesterday, .valid = hours(1)}), "the certificate of site late expired on 20"},
      {fresh({"states", "site", "soon"}, {.from = system_clock::now() + hours(9)}), "of site soon is not valid before 20"},
      {fresh({"states", "operator", "anna"}), "the certificate is for role 'operator', not for a site"},
      {of_another_authority("states"), "the certificate of site columbus was issued by an authority that is not this run's"},
      {of_another_authority("countries"), "the certificate of site columbus is of run 'countries', not of 'states'"},
      {forged("URI:intertie://countries/site/columbus"), "the certificate is of run 'countries', not of 'states'"},
      {forged("URI:https://example.org/columbus"), "the certificate names no run, role and site"},
      {forged("DNS:columbus.example"), "the certificate names no run, role and site"},
      {forged(nullptr), "the certificate names no run, role and site"},
  };
  const auto context = context_of("ashburn");
  for (const auto& c : cases) {
    for (const bool accepts : {true, false}) {
      Stranger stranger(!accepts, c.files.certificate.get(), c.files.key.get());
      TlsSession session(*context, {.accepts = accepts, .expected_site = accepts ? "" : "columbus", .who = "them"});
      if (!accepts) {
        EXPECT_FALSE(*session.handshake());
        stranger.hear(session);
      }
      const auto outcome = meet(stranger, session);
      ASSERT_FALSE(outcome) << c.says;
      EXPECT_NE(outcome.error().message().find("them, phase certificate: "), std::string::npos) << outcome.error().message();
      EXPECT_NE(outcome.error().message().find(c.says), std::string::npos) << outcome.error().message();
      EXPECT_FALSE(outcome.error().fix.empty());
      EXPECT_EQ(outcome.error().code, ErrorCode::reconfigure);
      EXPECT_TRUE(session.refused_certificate());
    }
  }
}

TEST(TlsSession, AGoodStrangerIsAccepted) {
  const Files files = fresh({"states", "site", "reston"});
  const auto context = context_of("ashburn");
  Stranger stranger(false, files.certificate.get(), files.key.get());
  TlsSession session(*context, {.accepts = true, .who = "them"});
  const auto outcome = meet(stranger, session);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(session.peer().name, "reston");
}

TEST(TlsSession, NoCertificateAndOldTlsAreRefused) {
  const auto context = context_of("ashburn");
  Stranger nobody(false, nullptr, nullptr);
  TlsSession first(*context, {.accepts = true, .who = "them"});
  const auto outcome = meet(nobody, first);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("showed no certificate"), std::string::npos) << outcome.error().message();
  Stranger old(false, nullptr, nullptr, TLS1_2_VERSION);
  TlsSession second(*context, {.accepts = true, .who = "them"});
  const auto refused = meet(old, second);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("does not speak TLS 1.3"), std::string::npos) << refused.error().message();
}

// The side that connects is done before the other has seen its certificate, and learns of a refusal when it reads.
TEST(TlsSession, ARefusalIsHeardByTheSideThatConnected) {
  Pair pair;
  TlsSession client(*pair.ashburn, {.accepts = false, .expected_site = "columbus", .who = "there"});
  const auto other = context_of("columbus");
  // As if the clock of the one that accepts were far ahead: its checks are told so.
  X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(other->get()), system_clock::to_time_t(system_clock::now() + hours(24 * 800)));
  TlsSession server(*other, {.accepts = true, .who = "here"});
  EXPECT_FALSE(*client.handshake());
  carry(client, server);
  EXPECT_FALSE(*server.handshake());
  carry(server, client);
  EXPECT_TRUE(*client.handshake());
  carry(client, server);
  EXPECT_FALSE(server.handshake());
  carry(server, client);
  std::vector<std::byte> plain(100);
  const auto got = client.read(plain);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::reconfigure);
  EXPECT_NE(got.error().message().find("there, phase certificate: the other side refused this site's certificate: expired"),
            std::string::npos)
      << got.error().message();
}

}  // namespace
}  // namespace intertie::env::real
