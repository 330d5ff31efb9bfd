#include "intertie/codec/codec.h"

#include <bit>
#include <cstring>

#include "intertie/base/check.h"
#include "intertie/codec/kernels.h"

namespace intertie::codec {
namespace {

static_assert(std::endian::native == std::endian::little, "encoded elements are little-endian");

std::size_t element_size(Encoding encoding) {
  switch (encoding) {
    case Encoding::f32: return 4;
    case Encoding::bf16: return 2;
  }
  check_failed(__FILE__, __LINE__, "unknown encoding");
}

void check_sizes(Encoding encoding, std::size_t elements, std::size_t bytes) {
  INTERTIE_CHECK_EQ(bytes, encoded_size(encoding, elements));
}

// memcpy may not be called with the null pointers of empty spans.
void copy(const void* from, void* to, std::size_t size) {
  if (size != 0) std::memcpy(to, from, size);
}

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t high = bits >> 16U;
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(high | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (high & 1U)) >> 16U);
}

// Element `i` of encoded bytes.
float element(Encoding encoding, std::span<const std::byte> bytes, std::size_t i) {
  std::uint32_t bits = 0;
  if (encoding == Encoding::f32) {
    std::memcpy(&bits, bytes.data() + 4 * i, 4);
  } else {
    std::uint16_t high = 0;
    std::memcpy(&high, bytes.data() + 2 * i, 2);
    bits = static_cast<std::uint32_t>(high) << 16U;
  }
  return std::bit_cast<float>(bits);
}

}  // namespace

std::size_t encoded_size(Encoding encoding, std::uint64_t elements) {
  return static_cast<std::size_t>(elements) * element_size(encoding);
}

void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out) {
  check_sizes(encoding, values.size(), out.size());
  if (encoding == Encoding::f32) return copy(values.data(), out.data(), out.size());
  const std::size_t done = encode_bf16_vectors(values.data(), values.size(), out.data());
  reference::encode(encoding, values.subspan(done), out.subspan(encoded_size(encoding, done)));
}

void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out) {
  check_sizes(encoding, out.size(), bytes.size());
  if (encoding == Encoding::f32) return copy(bytes.data(), out.data(), bytes.size());
  const std::size_t done = decode_bf16_vectors(bytes.data(), out.size(), out.data());
  reference::decode(encoding, bytes.subspan(encoded_size(encoding, done)), out.subspan(done));
}

void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  const auto vectors = encoding == Encoding::f32 ? scale_f32_vectors : scale_bf16_vectors;
  const std::size_t done = vectors(bytes.data(), sum.size(), weight, sum.data());
  reference::decode_scaled(encoding, bytes.subspan(encoded_size(encoding, done)), weight, sum.subspan(done));
}

void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  const auto vectors = encoding == Encoding::f32 ? add_scaled_f32_vectors : add_scaled_bf16_vectors;
  const std::size_t done = vectors(bytes.data(), sum.size(), weight, sum.data());
  reference::decode_add_scaled(encoding, bytes.subspan(encoded_size(encoding, done)), weight, sum.subspan(done));
}

namespace reference {

void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out) {
  check_sizes(encoding, values.size(), out.size());
  if (encoding == Encoding::f32) return copy(values.data(), out.data(), out.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = to_bf16(values[i]);
    std::memcpy(out.data() + 2 * i, &half, 2);
  }
}

void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out) {
  check_sizes(encoding, out.size(), bytes.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = element(encoding, bytes, i);
}

void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = weight * element(encoding, bytes, i);
}

void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = sum[i] + weight * element(encoding, bytes, i);
}

}  // namespace reference
}  // namespace intertie::codec
