// Any bytes of a visitor, with a certificate of each kind, to a site's reception; and any bytes of a site to whoever watches a
// run. Nobody but an operator may ever stop it.
#include <cstdlib>
#include <string>

#include "intertie/env/sim/sim_world.h"
#include "intertie/site/reception.h"
#include "intertie/site/watched_run.h"

namespace {

using namespace intertie;

// What the visitor says comes at once.
class Spoken final : public env::Connection {
 public:
  Spoken(const char* role, Handlers& said) : said_(said), peer_{.run = "r", .role = role, .name = role, .address = "x:1"} {}
  void start(Handlers handlers) override { said_ = std::move(handlers); }
  void send(SharedBytes /*bytes*/) override {}
  Bytes unsent() const override { return Bytes{0}; }
  void set_low_mark(Bytes /*mark*/) override {}
  void set_pacing(BitRate /*rate*/) override {}
  void close_after_sending() override {}
  const env::Peer& peer() const override { return peer_; }
  std::string congestion_control() const override { return "none"; }
  void set_congestion_control(const std::string& /*name*/) override {}
  env::Sending sending() const override { return {}; }

 private:
  Handlers& said_;
  env::Peer peer_;
};

class Nowhere final : public EventSink {
 public:
  void record(Event /*event*/) override {}
};

void visit(const char* role, std::span<const std::byte> bytes) {
  env::sim::SimWorld world;
  env::Loop& loop = world.start("a").loop();
  Nowhere events;
  int asked = 0;
  site::Reception reception(
      loop, {.run = "r", .site = "a"}, events,
      {.stop = [&asked](const std::string&) { ++asked; }, .leave = [&asked](const std::string&) { ++asked; }});
  env::Connection::Handlers said;
  reception.accept(std::make_unique<Spoken>(role, said));
  if (said.received) said.received(bytes);
  world.run_for(std::chrono::minutes(1));
  if (asked > (std::string(role) == env::kOperatorRole ? 1 : 0)) std::abort();
}

void watch(std::span<const std::byte> bytes) {
  site::WatchedRun run({"a", "b"}, 2);
  const env::TimePoint now{std::chrono::hours(1)};
  wire::FrameReader reader(wire::kMaxFirstFrame, wire::kMaxVisitFrame);
  std::vector<wire::Message> messages;
  const bool whole = static_cast<bool>(reader.feed(bytes, messages));
  static_cast<void>(whole);
  for (const wire::Message& message : messages) {
    if (const auto* admission = std::get_if<wire::Admission>(&message)) run.admitted(0, *admission, now);
    if (const auto* lines = std::get_if<wire::EventLines>(&message)) run.take(0, *lines);
    run.news(now + std::chrono::minutes(1));
  }
  run.admitted(0, {"a", "r", 1, bytes.size()}, now);
  run.take(0, {std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), true});
  run.news(now + std::chrono::minutes(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  for (const char* role : {"operator", "viewer", "site", ""}) visit(role, bytes);
  watch(bytes);
  return 0;
}
