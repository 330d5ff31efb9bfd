// What links_fuzz takes, and what its seeds are made of: the run that it plays in, and the form of its input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "intertie/links/identity.h"
#include "intertie/wire/frame.h"

namespace intertie::fuzz {

inline constexpr std::size_t kItemHeader = 3;
inline constexpr std::uint8_t kNewStream = 0x7f;

// Of columbus, the second of three.
inline links::Identity identity() {
  links::Identity made{.run = "demo",
                       .self = SiteId{1},
                       .site_names = {"ashburn", "columbus", "quincy"},
                       .incarnation = Incarnation{1},
                       .agreement = Hash64{1},
                       .agreement_text = "run.seed = 1\n",
                       .data = Hash64{2}};
  return made;
}

inline wire::Hello hello_of_quincy(wire::StreamClass stream_class) {
  const links::Identity ours = identity();
  return {.run = ours.run,
          .site = SiteId{2},
          .incarnation = Incarnation{1},
          .agreement = ours.agreement,
          .data = ours.data,
          .stream_class = stream_class,
          .agreement_text = ours.agreement_text};
}

inline void append(std::vector<std::byte>& bytes, const SharedBytes& more) {
  bytes.insert(bytes.end(), more.view().begin(), more.view().end());
}

inline std::vector<std::byte> body_of(const wire::Message& message) {
  const wire::EncodedBody body = wire::encode_body(message);
  std::vector<std::byte> bytes = body.head;
  append(bytes, body.payload);
  return bytes;
}

struct Item {
  std::uint8_t type;
  std::span<const std::byte> body;
};

// The first item of `rest`, which has a header; `rest` begins behind it afterwards.
inline Item take_item(std::span<const std::byte>& rest) {
  const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(rest[at]); };
  const std::size_t length = std::min(byte(1) | byte(2) << 8U, rest.size() - kItemHeader);
  const Item item{static_cast<std::uint8_t>(byte(0)), rest.subspan(kItemHeader, length)};
  rest = rest.subspan(kItemHeader + length);
  return item;
}

inline void put_item(std::vector<std::byte>& out, std::uint8_t type, std::span<const std::byte> body) {
  for (const std::size_t value : {std::size_t{type}, body.size() & 0xffU, body.size() >> 8U})
    out.push_back(static_cast<std::byte>(value));
  out.insert(out.end(), body.begin(), body.end());
}

}  // namespace intertie::fuzz
