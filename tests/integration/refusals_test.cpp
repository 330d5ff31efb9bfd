// Everything that a site refuses, as docs/security.md lists it: a site's links over real sockets, somebody who calls it (or is
// called by it), and the words of both. Each row has its bound in time.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "intertie/env/real/caller_fixture.h"
#include "intertie/env/real/children.h"
#include "intertie/env/real/real_network.h"
#include "intertie/env/real/revocation.h"
#include "intertie/links/mesh.h"
#include "intertie/wire/frame.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using namespace env::real;
using namespace std::chrono_literals;

constexpr Duration kPatience = 300ms;  // of the site, with who says nothing

const env::Address kNoSite{"127.0.0.1", 9};

env::Address free_address() {
  const auto ports = free_loopback_ports(1);
  EXPECT_TRUE(ports);
  return {"127.0.0.1", ports->at(0)};
}

std::vector<std::byte> bytes_of(const wire::Message& message, std::uint64_t sequence) {
  const wire::EncodedFrame frame = wire::encode_frame(message, sequence);
  std::vector<std::byte> bytes(frame.head.view().begin(), frame.head.view().end());
  bytes.insert(bytes.end(), frame.payload.view().begin(), frame.payload.view().end());
  return bytes;
}

// Certificates of run "states", and some that are wrong, each in a folder of its own.
class Town {
 public:
  Town() {
    EXPECT_TRUE(make_authority(path("good"), "states"));
    for (const char* site : {"ashburn", "columbus", "quincy"}) EXPECT_TRUE(issue(path("good"), {"states", "site", site}));
    const auto now = std::chrono::system_clock::now();
    using std::chrono::hours;
    odd("expired", {.from = now - hours(48), .valid = hours(24)});
    odd("early", {.from = now + hours(24)});
    odd("revoked", {});
    EXPECT_TRUE(revoke(path("good"), {"states", "site", "quincy"}));
    EXPECT_TRUE(issue(path("good"), {"states", "site", "quincy"}, {.replace = true}));
    foreign("foreign", "states");
    foreign("countries", "countries");
  }
  std::string path(const std::string& folder) const { return folder_.path() + "/" + folder; }
  TlsFiles files(const std::string& folder, const std::string& site = "quincy") const { return tls_files(path(folder), site); }

 private:
  // Another certificate of quincy's from the run's own authority.
  void odd(const std::string& folder, IssueOptions how) {
    how.replace = true;
    EXPECT_TRUE(issue(path("good"), {"states", "site", "quincy"}, how));
    for (const char* name : {"ca.pem", "quincy.pem", "quincy.key"})
      folder_.write(folder + "/" + name, folder_.read(std::string("good/") + name));
  }
  void foreign(const std::string& folder, const std::string& run) {
    EXPECT_TRUE(make_authority(path(folder), run));
    EXPECT_TRUE(issue(path(folder), {run, "site", "quincy"}));
  }
  Folder folder_;
};

links::Identity identity_of_columbus() {
  links::Identity made{.run = "states",
                       .self = SiteId{1},
                       .site_names = {"ashburn", "columbus", "quincy"},
                       .incarnation = Incarnation{1},
                       .agreement = {},
                       .agreement_text = "run.name = states\n",
                       .data = Hash64{1}};
  made.agreement = hash_text(made.agreement_text);
  return made;
}

wire::Hello hello_of_quincy() {
  const links::Identity ours = identity_of_columbus();
  return {.run = ours.run,
          .site = SiteId{2},
          .incarnation = Incarnation{1},
          .agreement = ours.agreement,
          .data = ours.data,
          .agreement_text = ours.agreement_text};
}

// The site that is called: columbus, which calls ashburn and waits for quincy.
class Columbus {
 public:
  Columbus(const Town& town, const env::Address& ashburn)
      : network_(made_network(town)), mesh_(loop_, *network_, settings(ashburn), handlers()) {
    EXPECT_TRUE(mesh_.start());
  }
  env::Address address() const { return address_; }
  RealLoop& loop() { return loop_; }
  const std::string& said() const { return said_; }
  int num_connected() const { return num_connected_; }
  // Runs until that is so, or 10 s; whether it is so.
  bool run_until(const std::function<bool()>& done) {
    const env::TimePoint end = loop_.now() + 10s;
    bool is_done = false;
    std::function<void()> look = [&] {
      is_done = done();
      if (is_done || loop_.now() > end) return loop_.stop();
      loop_.call_after(1ms, look);
    };
    loop_.post(look);
    loop_.run();
    return is_done;
  }

 private:
  std::unique_ptr<RealNetwork> made_network(const Town& town) {
    auto made = RealNetwork::create(
        loop_, {.run = "states", .site = "columbus", .tls = town.files("good", "columbus"), .accept_deadline = kPatience});
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
  }
  links::Mesh::Settings settings(const env::Address& ashburn) const {
    return {.identity = identity_of_columbus(),
            .addresses = {ashburn, address_, kNoSite},
            .listen = {address_},
            .paths = {3, {{.num_merge_streams = 1}}},
            .timing = {},
            .attempt_deadline = kPatience};
  }
  links::Mesh::Handlers handlers() {
    const auto say = [this](const Error& error) { said_ += error.message() + "\n"; };
    return {.message = [](SiteId, const wire::Message&) {},
            .connected = [this](SiteId) { ++num_connected_; },
            .appeared = [](SiteId) {},
            .route =
                [say](SiteId, const links::Route&, const Error* why) {
                  if (why != nullptr) say(*why);
                },
            .broken = [say](SiteId, const Error& error) { say(error); },
            .beat = [] {},
            .closed = [] {},
            .refused = say,
            .failed = [say](SiteId, const Error& error) { say(error); }};
  }

  RealLoop loop_;
  env::Address address_ = free_address();
  std::string said_;
  int num_connected_ = 0;
  std::unique_ptr<RealNetwork> network_;
  links::Mesh mesh_;
};

struct Row {
  std::string name;
  std::string certificate;            // whose folder; empty: it speaks no TLS
  std::vector<std::byte> sends = {};  // after the handshake, if there is one
  std::string site_says;
  std::string told;  // what the caller hears: the alert of TLS, or the words of a refusal
  int version = TLS1_3_VERSION;
};

std::vector<std::byte> text_bytes(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
std::vector<std::byte> operator+(std::vector<std::byte> a, const std::vector<std::byte>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
// A frame's header alone.
std::vector<std::byte> header(std::uint32_t length, std::uint8_t type, std::uint64_t sequence) {
  wire::Writer writer;
  const std::uint8_t zero = 0;
  writer(length, type, zero, zero, zero, sequence);
  return writer.take();
}
wire::Hello with(std::function<void(wire::Hello&)> change) {
  wire::Hello hello = hello_of_quincy();
  change(hello);
  return hello;
}
wire::Envelope envelope_with_number(std::uint64_t number) {
  wire::EncodedBody body = wire::encode_body(wire::StopAccepted{Version{1}});
  return {.from = SiteId{2},
          .from_incarnation = Incarnation{1},
          .to = SiteId{1},
          .to_incarnation = Incarnation{1},
          .number = number,
          .type = body.type,
          .relays = {},
          .head = SharedBytes(std::move(body.head)),
          .payload = {}};
}

std::vector<Row> rows() {
  const std::vector<std::byte> hello = bytes_of(hello_of_quincy(), 0);
  const std::string wire_fix = "; the other side speaks another protocol or is damaged; compare `intertie version` on both";
  return {
      {"expired", "expired", {}, "phase certificate: the certificate of site quincy expired on 20", "certificate expired"},
      {"not yet valid",
       "early",
       {},
       "phase certificate: the certificate of site quincy is not valid before 20",
       "bad certificate"},
      {"revoked",
       "revoked",
       {},
       "phase certificate: the certificate of site quincy was revoked; give it the new one",
       "certificate revoked"},
      {"foreign authority",
       "foreign",
       {},
       "phase certificate: the certificate of site quincy was issued by an authority that is not this run's",
       "unknown ca"},
      {"another run",
       "countries",
       {},
       "phase certificate: the certificate of site quincy is of run 'countries', not of 'states'",
       "unknown ca"},
      {"none", "none", {}, "phase certificate: the other side showed no certificate", "certificate required"},
      {"another site's certificate", "good", bytes_of(with([](auto& h) { h.site = SiteId{0}; }), 0),
       "phase hello: refused: the caller calls itself ashburn but its certificate is that of quincy",
       "the caller calls itself ashburn but its certificate is that of quincy; start each site with its own certificate"},
      {"TLS 1.2", "good", {}, "phase TLS handshake: the other side does not speak TLS 1.3", "protocol version", TLS1_2_VERSION},
      {"plain text", "", text_bytes("GET / HTTP/1.1\r\n\r\n"), "phase TLS handshake: what the other side sent is not TLS", ""},
      {"a hello without TLS", "", hello, "phase TLS handshake: what the other side sent is not TLS", ""},
      {"no handshake", "", {}, "phase TLS handshake: no TLS handshake in time", ""},
      {"no hello",
       "good",
       {},
       "phase hello: refused: it has connected and says no hello",
       "it has connected and says no hello"},
      {"a first frame that is too long", "good", header(wire::kMaxFirstFrame + 1, 0, 0),
       "phase hello: refused: wire: a hello message of 131073 bytes is over the limit",
       "wire: a hello message of 131073 bytes is over the limit" + wire_fix},
      {"the longest frame", "good", header(~0U, 27, 0), "refused: wire: a chunk message of 4294967295 bytes is over the limit",
       "wire: a chunk message of 4294967295 bytes is over the limit" + wire_fix},
      {"a later frame that is too long", "good", hello + header(~0U, 27, 1),
       "wire: a chunk message of 4294967295 bytes is over the limit", ""},
      {"a list that is too long", "good", header(8, 4, 0) + std::vector<std::byte>(8, std::byte{0xff}),
       "refused: wire: a hearing message is cut short, too long or invalid",
       "wire: a hearing message is cut short, too long or invalid" + wire_fix},
      {"a first frame with a wrong number", "good", bytes_of(hello_of_quincy(), 7),
       "phase hello: refused: wire: frame 7 arrived where frame 0 was due",
       "wire: frame 7 arrived where frame 0 was due" + wire_fix},
      {"a later frame with a wrong number", "good", hello + bytes_of(wire::Heartbeat{}, 5),
       "wire: frame 5 arrived where frame 1 was due", ""},
      {"a frame that came twice", "good", hello + bytes_of(wire::Heartbeat{}, 1) + bytes_of(wire::Heartbeat{}, 1),
       "wire: frame 1 arrived where frame 2 was due", ""},
      {"a message with a wrong number", "good", hello + bytes_of(envelope_with_number(1'000'000), 1),
       "session: message 1000000 arrived where message 1 is due", ""},
      {"a message without a number", "good", hello + bytes_of(envelope_with_number(0), 1),
       "session: a stopAccepted message has no number", ""},
      {"no hello first", "good", bytes_of(wire::Heartbeat{}, 0),
       "phase hello: refused: a stream begins with one hello and waits for the answer",
       "a stream begins with one hello and waits for the answer"},
      {"a second hello", "good", hello + bytes_of(hello_of_quincy(), 1),
       "sent a message that no stream begins with or carries: hello", ""},
      {"a merge stream first", "good", bytes_of(with([](auto& h) { h.stream_class = wire::StreamClass::merge; }), 0),
       "phase hello: refused: a merge stream came before the control stream", "a merge stream came before the control stream"},
  };
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What `caller` was told: the alert that ended TLS, or the words of a refusal.
std::string told_to(const Caller& caller) {
  wire::FrameReader reader;
  std::vector<wire::Message> messages;
  EXPECT_TRUE(reader.feed(caller.heard(), messages));
  std::string words = caller.alert();
  for (const wire::Message& message : messages) {
    if (const auto* refusal = std::get_if<wire::Refusal>(&message)) words += refusal->reason.text();
  }
  return words;
}

std::unique_ptr<Caller> call(const Town& town, const env::Address& site, const Row& row) {
  auto caller = std::make_unique<Caller>(site);
  const TlsFiles files = row.certificate == "none" ? TlsFiles{} : town.files(row.certificate);
  if (!row.certificate.empty()) caller->speak_tls(files.certificate, files.key, row.version);
  caller->send(row.sends);
  return caller;
}

TEST(Refusals, EachIsSaidInWordsByBothSides) {
  const Town town;
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    Columbus columbus(town, kNoSite);
    const auto caller = call(town, columbus.address(), row);
    EXPECT_TRUE(columbus.run_until([&] {
      caller->step();
      return has(columbus.said(), row.site_says) && has(told_to(*caller), row.told) && caller->closed();
    })) << columbus.said()
        << "told: " << told_to(*caller);
  }
}

TEST(Refusals, ARecordedConnectionIsOfNoUse) {
  const Town town;
  Columbus columbus(town, kNoSite);
  auto quincy =
      call(town, columbus.address(), {.name = "quincy", .certificate = "good", .sends = bytes_of(hello_of_quincy(), 0)});
  ASSERT_TRUE(columbus.run_until([&] {
    quincy->step();
    return columbus.num_connected() == 1;
  })) << columbus.said();
  Caller again(columbus.address());
  again.send(quincy->sent());
  EXPECT_TRUE(columbus.run_until([&] {
    again.step();
    return again.closed() && has(columbus.said(),
                                 "phase TLS handshake: what the other side sent was changed on the way, or "
                                 "recorded from another connection");
  })) << columbus.said();
  EXPECT_EQ(columbus.num_connected(), 1);
  EXPECT_FALSE(quincy->closed()) << "the true one goes on";
}

TEST(Refusals, ASiteThatIsNotTheOneThatWasCalled) {
  const Town town;
  const env::Address address = free_address();
  Columbus columbus(town, address);
  auto wrong = RealNetwork::create(columbus.loop(), {.run = "states", .site = "quincy", .tls = town.files("good")});
  ASSERT_TRUE(wrong) << wrong.error().message();
  std::string heard;
  auto listener = (*wrong)->listen(
      address, [](std::unique_ptr<env::Connection>) {}, [&heard](const Error& error) { heard += error.message(); });
  ASSERT_TRUE(listener);
  EXPECT_TRUE(columbus.run_until([&] {
    return has(columbus.said(),
               "phase certificate: the certificate is of site 'quincy', not of 'ashburn'; check the addresses") &&
           has(heard, "the other side refused this site's certificate: of another run, or not of the site that it expects");
  })) << columbus.said()
      << heard;
}

// More than a site lets shake hands at a time, from another address, between a site's connecting and its first word.
TEST(Refusals, ManyWhoSayNothingKeepNobodyOut) {
  const Town town;
  Columbus columbus(town, kNoSite);
  auto quincy =
      call(town, columbus.address(), {.name = "quincy", .certificate = "good", .sends = bytes_of(hello_of_quincy(), 0)});
  std::vector<std::unique_ptr<Caller>> silent;
  for (int i = 0; i < 600; ++i) silent.push_back(std::make_unique<Caller>(columbus.address(), "127.0.0.2"));
  EXPECT_TRUE(columbus.run_until([&] {
    quincy->step();
    return columbus.num_connected() == 1;
  })) << columbus.said();
  EXPECT_TRUE(columbus.run_until([&] {
    for (const auto& caller : silent) caller->step();
    return std::all_of(silent.begin(), silent.end(), [](const auto& caller) { return caller->closed(); });
  })) << "nobody is waited for without end";
}

}  // namespace
}  // namespace intertie::tests
