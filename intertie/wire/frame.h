// Frames: how messages lie in a stream. Layout, little-endian: u32 length of what follows the 16 bytes of the header; u8 type;
// three zero bytes; u64 sequence number within the stream, from 0; then the message. A wrong sequence number, an unknown type,
// a length above the limit or a message that does not parse to its last byte closes the stream. FrameReader is sans-I/O; owner:
// whoever owns the stream. The other functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/wire/messages.h"

namespace intertie::wire {

inline constexpr std::size_t kFrameHeader = 16;
inline constexpr std::uint32_t kMaxControlFrame = 4 * 1024 * 1024;
inline constexpr std::uint32_t kMaxChunkFrame = 8 * 1024 * 1024;
inline constexpr std::uint32_t kMaxFirstFrame = 128 * 1024;  // of a stream between sites: a hello or its answer
inline constexpr std::uint32_t kMaxVisitFrame = 128 * 1024;  // of a stream with a visitor: any

// A message without a frame: its fields, and what follows them uncopied.
struct EncodedBody {
  std::uint8_t type = 0;
  std::vector<std::byte> head;
  SharedBytes payload;
};
EncodedBody encode_body(const Message& message);

// Header and message; a payload is not copied but goes out as the second part.
struct EncodedFrame {
  SharedBytes head;
  SharedBytes payload;
};
EncodedFrame encode_frame(const Message& message, std::uint64_t sequence);

// Cuts a stream of bytes into messages.
class FrameReader {
 public:
  // Limits of the first frame's length and of every later one's, where they are below the limit of its type.
  explicit FrameReader(std::uint32_t first_limit = kMaxChunkFrame, std::uint32_t later_limit = kMaxChunkFrame)
      : first_limit_(first_limit), later_limit_(later_limit) {}

  // Takes bytes as they arrive; complete messages are appended to `out`. An error is final: the stream is to be closed.
  Result<void> feed(std::span<const std::byte> bytes, std::vector<Message>& out);

 private:
  Result<void> begin_body();
  Result<Message> finish_body();

  std::uint32_t first_limit_;
  std::uint32_t later_limit_;
  std::vector<std::byte> header_;
  std::vector<std::byte> body_;
  std::size_t body_size_ = 0;
  bool in_body_ = false;
  std::uint8_t type_ = 0;
  std::uint64_t next_sequence_ = 0;
};

// One message body of the given type number; all of `body` must be used.
Result<Message> decode_message(std::uint8_t type, const SharedBytes& body);

}  // namespace intertie::wire
