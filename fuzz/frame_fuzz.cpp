// Any bytes, cut at any place, through the frame reader; what decodes must encode to bytes that decode to the same, and so must
// the message within an envelope. The same bytes are tried as the body of one message, too: no length in a header has to fit
// them.
#include <algorithm>
#include <cstdlib>

#include "intertie/wire/frame.h"

namespace {

bool same(const intertie::SharedBytes& a, const intertie::SharedBytes& b) {
  return std::equal(a.view().begin(), a.view().end(), b.view().begin(), b.view().end());
}

// Compared as bytes, since a message may hold numbers that are not equal to themselves.
bool same_bytes(const intertie::wire::EncodedFrame& a, const intertie::wire::EncodedFrame& b) {
  return same(a.head, b.head) && same(a.payload, b.payload);
}

void check(const intertie::wire::Message& message) {
  using namespace intertie;
  const wire::EncodedFrame frame = wire::encode_frame(message, 0);
  wire::FrameReader again;
  std::vector<wire::Message> copy;
  if (!again.feed(frame.head.view(), copy) || !again.feed(frame.payload.view(), copy) || copy.size() != 1) std::abort();
  if (!same_bytes(frame, wire::encode_frame(copy[0], 0))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  wire::FrameReader reader;
  std::vector<wire::Message> messages;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)), messages)) break;
  }
  std::vector<std::byte> body(bytes.begin(), bytes.end());
  if (auto message = wire::decode_message(data[0], SharedBytes(std::move(body)))) messages.push_back(std::move(*message));
  for (const wire::Message& message : messages) {
    check(message);
    const auto* envelope = std::get_if<wire::Envelope>(&message);
    if (!envelope) continue;
    if (const auto within = wire::decode_message(envelope->type, envelope->payload)) check(*within);
  }
  return 0;
}
