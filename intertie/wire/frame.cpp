#include "intertie/wire/frame.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace intertie::wire {
namespace {

// Messages that bytes follow which are not copied.
template <class T>
constexpr bool kHasPayload = requires(T message) {
  message.payload;
};

template <std::size_t... I>
constexpr auto payload_types(std::index_sequence<I...>) {
  return std::array<bool, sizeof...(I)>{kHasPayload<std::variant_alternative_t<I, Message>>...};
}
constexpr auto kPayloadTypes = payload_types(std::make_index_sequence<std::variant_size_v<Message>>());

constexpr std::array<const char*, std::variant_size_v<Message>> kNames = {"hello",
                                                                          "welcome",
                                                                          "refusal",
                                                                          "heartbeat",
                                                                          "hearing",
                                                                          "envelope",
                                                                          "acknowledge",
                                                                          "ready",
                                                                          "view",
                                                                          "flushRequest",
                                                                          "flushReport",
                                                                          "leaveRequest",
                                                                          "complaint",
                                                                          "donate",
                                                                          "stateBegin",
                                                                          "replay",
                                                                          "statePart",
                                                                          "caughtUp",
                                                                          "stopRequest",
                                                                          "stopOrder",
                                                                          "stopAccepted",
                                                                          "checkpointWritten",
                                                                          "checkpointComplete",
                                                                          "anchorHash",
                                                                          "contributionHeader",
                                                                          "chunkRequest",
                                                                          "farewell",
                                                                          "chunk",
                                                                          "visit",
                                                                          "admission",
                                                                          "eventLines",
                                                                          "tidings",
                                                                          "padding",
                                                                          "probeOrder",
                                                                          "probeReport"};

Error bad_frame(std::string what) {
  return Error{.code = ErrorCode::give_up,
               .where = "wire",
               .what = std::move(what),
               .fix = "the other side speaks another protocol or is damaged; compare `intertie version` on both",
               .cause = {}};
}

template <std::size_t I>
Result<Message> decode_as(const SharedBytes& body) {
  std::variant_alternative_t<I, Message> message;
  Reader reader(body.view());
  reader(message);
  if constexpr (kPayloadTypes[I]) {
    const std::size_t used = body.size() - reader.rest().size();
    if (!reader.ok()) return bad_frame(fmt::format("the fields of a {} message are cut short or invalid", kNames[I]));
    message.payload = body.slice(used, body.size() - used);
  } else {
    if (!reader.finished()) return bad_frame(fmt::format("a {} message is cut short, too long or invalid", kNames[I]));
  }
  return Message(std::move(message));
}

template <std::size_t... I>
Result<Message> decode_by_type(std::uint8_t type, const SharedBytes& body, std::index_sequence<I...>) {
  using Decode = Result<Message> (*)(const SharedBytes&);
  constexpr std::array<Decode, sizeof...(I)> kDecode = {&decode_as<I>...};
  return kDecode[type](body);
}

}  // namespace

const char* name_of(const Message& message) { return kNames[message.index()]; }

Result<Message> decode_message(std::uint8_t type, const SharedBytes& body) {
  if (type >= std::variant_size_v<Message>) return bad_frame(fmt::format("unknown message type {}", type));
  return decode_by_type(type, body, std::make_index_sequence<std::variant_size_v<Message>>());
}

EncodedBody encode_body(const Message& message) {
  Writer fields;
  SharedBytes payload;
  std::visit(
      [&](const auto& alternative) {
        fields(alternative);
        if constexpr (kHasPayload<std::decay_t<decltype(alternative)>>) payload = alternative.payload;
      },
      message);
  std::vector<std::byte> head = fields.take();
  if (const auto* envelope = std::get_if<Envelope>(&message)) {
    const std::span<const std::byte> inner = envelope->head.view();
    head.insert(head.end(), inner.begin(), inner.end());
  }
  return {static_cast<std::uint8_t>(message.index()), std::move(head), std::move(payload)};
}

EncodedFrame encode_frame(const Message& message, std::uint64_t sequence) {
  EncodedBody body = encode_body(message);
  Writer frame;
  const std::uint8_t zero = 0;
  frame(static_cast<std::uint32_t>(body.head.size() + body.payload.size()), body.type, zero, zero, zero, sequence);
  std::vector<std::byte> head = frame.take();
  head.insert(head.end(), body.head.begin(), body.head.end());
  return {SharedBytes(std::move(head)), std::move(body.payload)};
}

Result<void> FrameReader::begin_body() {
  Reader reader(header_);
  std::uint32_t length = 0;
  std::array<std::uint8_t, 3> zero{};
  std::uint64_t sequence = 0;
  reader(length, type_, zero[0], zero[1], zero[2], sequence);
  if (type_ >= std::variant_size_v<Message> || (zero[0] | zero[1] | zero[2]) != 0) {
    return bad_frame(fmt::format("not a frame header (type {})", type_));
  }
  const std::uint32_t limit = kPayloadTypes[type_] ? kMaxChunkFrame : kMaxControlFrame;
  if (length > std::min(limit, next_sequence_ == 0 ? first_limit_ : later_limit_)) {
    return bad_frame(fmt::format("a {} message of {} bytes is over the limit", kNames[type_], length));
  }
  if (sequence != next_sequence_) {
    return bad_frame(fmt::format("frame {} arrived where frame {} was due", sequence, next_sequence_));
  }
  ++next_sequence_;
  body_size_ = length;
  body_.clear();
  body_.reserve(length);
  in_body_ = true;
  return {};
}

Result<Message> FrameReader::finish_body() {
  header_.clear();
  in_body_ = false;
  return decode_message(type_, SharedBytes(std::exchange(body_, {})));
}

Result<void> FrameReader::feed(std::span<const std::byte> bytes, std::vector<Message>& out) {
  while (true) {
    std::vector<std::byte>& target = in_body_ ? body_ : header_;
    const std::size_t wanted = (in_body_ ? body_size_ : kFrameHeader) - target.size();
    const std::size_t taken = std::min(wanted, bytes.size());
    target.insert(target.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (taken < wanted) return {};
    if (in_body_) {
      INTERTIE_ASSIGN(Message message, finish_body());
      out.push_back(std::move(message));
    } else {
      INTERTIE_RETURN_IF_ERROR(begin_body());
    }
  }
}

}  // namespace intertie::wire
