// codec: elements <-> bytes, as docs/encodings.md has it. An encoding is a fixed function of the values (same bytes on every
// machine and SIMD target). f32: little-endian IEEE 754. bf16: its upper half, rounded to nearest even. int8 and fp4: groups of
// 128 elements with a scale each. What is not finite never becomes finite. Every byte pattern of the right size decodes to
// something defined. A weighted sum that is not a number is one everywhere, but its bits are not specified. Ranges handed to
// these functions begin and end at block edges of the fragment. Pure; any thread; the caller owns all memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "intertie/base/encoding.h"

namespace intertie::codec {

// Bytes of `elements` elements in one contiguous block-aligned range.
std::size_t encoded_size(Encoding encoding, std::uint64_t elements);
// Of whole blocks, scales included.
double bytes_per_element(Encoding encoding);

// out.size() == encoded_size(encoding, values.size()).
void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out);
void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out);

// sum[i] = weight * decode(bytes)[i]                 (first contribution in site order)
void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum);
// sum[i] = sum[i] + (weight * decode(bytes)[i])      (every further one; product and sum each rounded to f32)
void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum);

// The same functions in plain scalar code: the definition that the vector code is tested and fuzzed against.
namespace reference {
void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out);
void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out);
void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum);
void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum);
}  // namespace reference

}  // namespace intertie::codec
