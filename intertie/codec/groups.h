// Groups: the parts of a block whose elements share a scale in int8 and fp4 (docs/encodings.md). Here are the layout of a
// block's bytes, the choice of a scale, which scalar and vector code share, and the scalar code for one group. Used by
// codec.cpp, reference.cpp and group_kernels.cpp only. Pure; any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "intertie/base/block.h"
#include "intertie/base/encoding.h"

namespace intertie::codec {

inline constexpr std::size_t kGroupElements = 128;
static_assert(kBlockElements % kGroupElements == 0, "a block is whole groups");

inline bool has_groups(Encoding encoding) { return encoding == Encoding::int8 || encoding == Encoding::fp4; }
inline std::size_t groups_of(std::size_t elements) { return (elements + kGroupElements - 1) / kGroupElements; }
inline std::size_t code_bytes(Encoding encoding, std::size_t elements) {
  return encoding == Encoding::int8 ? elements : (elements + 1) / 2;
}

// The bytes of a block: a scale for each group, then the codes of all groups.
template <class Byte>
struct BlockBytes {
  BlockBytes(std::span<Byte> bytes, std::size_t elements)
      : scales(bytes.first(groups_of(elements))), codes(bytes.subspan(scales.size())) {}
  std::span<Byte> scales;
  std::span<Byte> codes;
};

// A scale is the exponent bits of a float that is a power of two, 1 to 254; 0 stands for zero and 255 for not a number (E8M0 of
// the OCP Microscaling Formats 1.0 has 2^-127 for 0, which as a float would be denormal).
inline constexpr std::uint8_t kScaleOfNan = 255;
inline constexpr std::uint32_t kInfinityBits = 0x7f800000U;
inline constexpr std::uint32_t kUnsignedBits = 0x7fffffffU;

inline float value_of_scale(std::uint8_t scale) {
  return std::bit_cast<float>(scale == kScaleOfNan ? 0x7fc00000U : static_cast<std::uint32_t>(scale) << 23U);
}

// int8: the scale is one unit of the codes. `most`: the bits of the group's largest absolute value. Units are chosen so that it
// rounds to a code from 64 to 127: what would round to 128 takes the next larger unit. Neither the unit nor its inverse is ever
// denormal; the largest numbers keep a unit with which no code overflows.
inline std::uint8_t int8_scale(std::uint32_t most) {
  if (most >= kInfinityBits) return kScaleOfNan;
  return static_cast<std::uint8_t>(std::clamp((most + 0x10000U) >> 23U, 7U, 254U) - 6U);
}

// fp4: the scale is the largest magnitude, that of code 7; code 1 is 64 times smaller, and half of that is never denormal.
inline std::uint8_t fp4_scale(std::uint32_t most) {
  if (most >= kInfinityBits) return kScaleOfNan;
  return static_cast<std::uint8_t>(std::clamp((most + 0x400000U) >> 23U, 8U, 254U));
}

// Calls `body` with each block's elements and bytes.
template <class Element, class Byte, class Body>
void for_each_block(Encoding encoding, std::span<Element> elements, std::span<Byte> bytes, const Body& body) {
  const std::size_t stride = groups_of(kBlockElements) + code_bytes(encoding, kBlockElements);
  while (!elements.empty()) {
    const std::size_t size = std::min<std::size_t>(elements.size(), kBlockElements);
    const std::size_t num_bytes = std::min(bytes.size(), stride);
    body(elements.first(size), bytes.first(num_bytes));
    elements = elements.subspan(size), bytes = bytes.subspan(num_bytes);
  }
}

// Calls `body` with the scale, the codes and the elements of each group of a block, from group `first` on.
template <class Element, class Byte, class Body>
void for_each_group(std::size_t first, Encoding encoding, std::span<Element> elements, std::span<Byte> block,
                    const Body& body) {
  const BlockBytes<Byte> bytes(block, elements.size());
  const std::size_t stride = code_bytes(encoding, kGroupElements);
  for (std::size_t g = first; g < bytes.scales.size(); ++g) {
    const auto codes = bytes.codes.subspan(g * stride);
    const auto rest = elements.subspan(g * kGroupElements);
    body(bytes.scales[g], codes.first(std::min(stride, codes.size())), rest.first(std::min(kGroupElements, rest.size())));
  }
}

// One group of at most kGroupElements. encode_group returns the scale.
std::byte encode_group(Encoding encoding, std::span<const float> values, std::span<std::byte> codes);
void decode_group(Encoding encoding, std::byte scale, std::span<const std::byte> codes, std::span<float> out);

}  // namespace intertie::codec
