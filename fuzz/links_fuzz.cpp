// Whatever a site with a good certificate may say to another's links: hellos, hearing, envelopes with messages, numbers and
// ways of its own making, over any streams. The other site must not end, and what it hands on has come from a site of the run.
//
// The input is a list of items: type of a message, two bytes of length, and the message's body. A type above all messages
// begins a new stream; with the top bit of the first byte set, the rest goes out as it is.
#include <cstdlib>

#include "fuzz/links_input.h"
#include "intertie/env/sim/sim_world.h"
#include "intertie/links/mesh.h"

namespace {

using namespace intertie;
using namespace std::chrono_literals;

links::Mesh::Handlers watchful(int& num_connected) {
  const auto check = [](SiteId site) {
    if (site.value > 2 || site == SiteId{1}) std::abort();
  };
  return {.message = [check](SiteId site, const wire::Message&) { check(site); },
          .connected =
              [check, &num_connected](SiteId site) {
                check(site);
                ++num_connected;
              },
          .appeared = check,
          .route = [check](SiteId site, const links::Route&, const Error*) { check(site); },
          .broken = [check](SiteId site, const Error&) { check(site); },
          .beat = [] {},
          .closed = [] {},
          .refused = [](const Error&) {},
          .failed = [check](SiteId site, const Error&) { check(site); }};
}

links::Mesh::Settings columbus() {
  return {.identity = fuzz::identity(),
          .addresses = {{"ashburn", 1}, {"columbus", 1}, {"quincy", 1}},
          .listen = {{"columbus", 1}},
          .paths = {3, {{.num_merge_streams = 1}}},
          .timing = {}};
}

class Quincy {
 public:
  explicit Quincy(env::sim::SimWorld& world) : world_(world), site_(world.start("quincy")) {}
  // A new stream; what was there stays.
  void dial() {
    sequence_ = 0;
    connections_.emplace_back();
    site_.network().connect({{"columbus", 1}, "columbus", 5s},
                            [this, at = connections_.size() - 1](Result<std::unique_ptr<env::Connection>> connection) {
                              if (connection) connections_[at] = std::move(*connection);
                            });
    world_.run_for(500ms);
    if (!connections_.back()) std::abort();
    connections_.back()->start(
        {.received = [](std::span<const std::byte>) {}, .drained = [] {}, .closed = [](const Error&) {}});
  }
  void send(std::span<const std::byte> bytes) {
    connections_.back()->send(SharedBytes(std::vector<std::byte>(bytes.begin(), bytes.end())));
  }
  void say(std::uint8_t type, std::span<const std::byte> body) {
    wire::Writer header;
    const std::uint8_t zero = 0;
    header(static_cast<std::uint32_t>(body.size()), type, zero, zero, zero, sequence_++);
    send(header.take());
    send(body);
  }

 private:
  env::sim::SimWorld& world_;
  env::sim::SimSite& site_;
  std::vector<std::unique_ptr<env::Connection>> connections_;
  std::uint64_t sequence_ = 0;
};

// How often columbus took quincy for connected.
int play(std::span<const std::byte> input) {
  env::sim::SimWorld world({.seed = 1, .link = {BitRate{1e9}, 2ms}, .split_deliveries = false});
  env::sim::SimSite& site = world.start("columbus");
  int num_connected = 0;
  links::Mesh mesh(site.loop(), site.network(), columbus(), watchful(num_connected));
  if (!mesh.start()) std::abort();
  Quincy quincy(world);
  quincy.dial();
  if ((std::to_integer<unsigned>(input[0]) & 0x80U) != 0) {
    quincy.send(input.subspan(1));
    world.run_for(1s);
    return num_connected;
  }
  for (int streams = 1; input.size() >= fuzz::kItemHeader;) {
    const auto [type, body] = fuzz::take_item(input);
    if (type < std::variant_size_v<wire::Message>) {
      quincy.say(type, body);
    } else if (++streams < 8) {
      world.run_for(50ms);
      quincy.dial();
    }
  }
  world.run_for(1s);
  return num_connected;
}

std::vector<std::byte> good_hello() {
  std::vector<std::byte> input;
  fuzz::put_item(input, 0, fuzz::body_of(fuzz::hello_of_quincy(wire::StreamClass::control)));
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_let_in = play(good_hello()) == 1;
  if (!is_let_in) std::abort();  // all that comes after a hello would be tried on nobody
  if (size > 0) play(std::as_bytes(std::span(data, size)));
  return 0;
}
