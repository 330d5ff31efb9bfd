// fuzz_seeds FOLDER: what fuzzing begins with, made from real messages, so that a target is past the first length at once.
// Writes FOLDER/TARGET/seed-N; `./dev fuzz` runs it.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz/links_input.h"
#include "intertie/wire/examples_fixture.h"

namespace {

using namespace intertie;
using Bytes = std::vector<std::byte>;

class Seeds {
 public:
  Seeds(const std::string& folder, const std::string& target) : folder_(folder + "/" + target) {
    std::filesystem::create_directories(folder_);
  }
  void add(const Bytes& bytes) {
    std::ofstream file(folder_ + "/seed-" + std::to_string(number_++), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) std::abort();
  }

 private:
  std::string folder_;
  int number_ = 0;
};

Bytes framed(const wire::Message& message, std::uint64_t sequence) {
  const wire::EncodedFrame frame = wire::encode_frame(message, sequence);
  Bytes bytes;
  fuzz::append(bytes, frame.head);
  fuzz::append(bytes, frame.payload);
  return bytes;
}

// Each message as a body of its type, and all of them in one stream.
void frame_seeds(Seeds seeds) {
  Bytes stream = {std::byte{63}};
  std::uint64_t sequence = 0;
  for (const wire::Message& message : wire::examples()) {
    Bytes one = {static_cast<std::byte>(message.index())};
    const Bytes body = fuzz::body_of(message);
    one.insert(one.end(), body.begin(), body.end());
    seeds.add(one);
    const Bytes frame = framed(message, sequence++);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  seeds.add(stream);
}

void visit_seeds(Seeds seeds) {
  for (const wire::Errand errand : {wire::Errand::status, wire::Errand::stop, wire::Errand::leave}) {
    wire::Visit visit;
    visit.run = "r";
    visit.errand = errand;
    seeds.add(framed(visit, 0));
  }
  Bytes told = framed(wire::Admission{"a", "r", 1, 5}, 0);
  const Bytes lines = framed(wire::EventLines{"{\"event\":\"progress\"}\n", true}, 1);
  told.insert(told.end(), lines.begin(), lines.end());
  seeds.add(told);
}

// As if it had come over the relays that are named.
wire::Envelope from_quincy(const wire::Message& message, std::uint64_t number, std::vector<SiteId> relays = {}) {
  wire::EncodedBody body = wire::encode_body(message);
  return {.from = SiteId{2},
          .from_incarnation = Incarnation{1},
          .to = SiteId{1},
          .to_incarnation = Incarnation{1},
          .stream_class = wire::StreamClass::control,
          .number = number,
          .type = body.type,
          .relays = std::move(relays),
          .head = SharedBytes(std::move(body.head)),
          .payload = std::move(body.payload)};
}

// A hello, and then one message of each type, alone and in an envelope; at last a merge stream beside the first.
void links_seeds(Seeds seeds) {
  Bytes hello;
  fuzz::put_item(hello, 0, fuzz::body_of(fuzz::hello_of_quincy(wire::StreamClass::control)));
  for (const wire::Message& message : wire::examples()) {
    Bytes alone = hello, within = hello;
    fuzz::put_item(alone, static_cast<std::uint8_t>(message.index()), fuzz::body_of(message));
    const bool numbered = !std::holds_alternative<wire::Acknowledge>(message);
    const wire::Message envelope = from_quincy(message, numbered ? 1 : 0);
    fuzz::put_item(within, static_cast<std::uint8_t>(envelope.index()), fuzz::body_of(envelope));
    seeds.add(alone);
    seeds.add(within);
  }
  Bytes merge = hello;
  fuzz::put_item(merge, fuzz::kNewStream, {});
  fuzz::put_item(merge, 0, fuzz::body_of(fuzz::hello_of_quincy(wire::StreamClass::merge)));
  const wire::Message relayed = from_quincy(wire::Padding{}, 1, {SiteId{0}});
  fuzz::put_item(merge, static_cast<std::uint8_t>(relayed.index()), fuzz::body_of(relayed));
  seeds.add(merge);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  frame_seeds({argv[1], "frame_fuzz"});
  visit_seeds({argv[1], "visit_fuzz"});
  links_seeds({argv[1], "links_fuzz"});
  return 0;
}
