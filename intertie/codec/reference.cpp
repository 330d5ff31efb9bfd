#include <bit>
#include <cstring>
#include <vector>

#include "intertie/base/check.h"
#include "intertie/codec/codec.h"
#include "intertie/codec/groups.h"

namespace intertie::codec::reference {
namespace {

void check_encoded_size(Encoding encoding, std::size_t elements, std::size_t bytes) {
  INTERTIE_CHECK_EQ(bytes, encoded_size(encoding, elements));
}

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t high = bits >> 16U;
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(high | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (high & 1U)) >> 16U);
}

float from_bf16(std::uint16_t half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16U); }

void encode_all_groups(Encoding encoding, std::span<const float> values, std::span<std::byte> block) {
  for_each_group(0, encoding, values, block,
                 [encoding](std::byte& scale, auto codes, auto elements) { scale = encode_group(encoding, elements, codes); });
}

void decode_all_groups(Encoding encoding, std::span<const std::byte> block, std::span<float> out) {
  for_each_group(0, encoding, out, block,
                 [encoding](std::byte scale, auto codes, auto elements) { decode_group(encoding, scale, codes, elements); });
}

}  // namespace

void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out) {
  check_encoded_size(encoding, values.size(), out.size());
  if (has_groups(encoding)) {
    return for_each_block(encoding, values, out,
                          [&](auto elements, auto block) { encode_all_groups(encoding, elements, block); });
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (encoding == Encoding::f32) {
      std::memcpy(out.data() + 4 * i, &values[i], 4);
    } else {
      const std::uint16_t half = to_bf16(values[i]);
      std::memcpy(out.data() + 2 * i, &half, 2);
    }
  }
}

void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out) {
  check_encoded_size(encoding, out.size(), bytes.size());
  if (has_groups(encoding)) {
    return for_each_block(encoding, out, bytes,
                          [&](auto elements, auto block) { decode_all_groups(encoding, block, elements); });
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (encoding == Encoding::f32) {
      std::memcpy(&out[i], bytes.data() + 4 * i, 4);
    } else {
      std::uint16_t half = 0;
      std::memcpy(&half, bytes.data() + 2 * i, 2);
      out[i] = from_bf16(half);
    }
  }
}

void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  decode(encoding, bytes, sum);
  for (float& each : sum) each = weight * each;
}

void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  std::vector<float> decoded(sum.size());
  decode(encoding, bytes, decoded);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = sum[i] + weight * decoded[i];
}

}  // namespace intertie::codec::reference
