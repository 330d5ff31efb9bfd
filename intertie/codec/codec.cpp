#include "intertie/codec/codec.h"

#include <array>
#include <bit>
#include <cstring>

#include "intertie/base/check.h"
#include "intertie/codec/group_kernels.h"
#include "intertie/codec/groups.h"
#include "intertie/codec/kernels.h"

namespace intertie::codec {
namespace {

static_assert(std::endian::native == std::endian::little, "encoded elements are little-endian");

void check_sizes(Encoding encoding, std::size_t elements, std::size_t bytes) {
  INTERTIE_CHECK_EQ(bytes, encoded_size(encoding, elements));
}

// memcpy may not be called with the null pointers of empty spans.
void copy(const void* from, void* to, std::size_t size) {
  if (size != 0) std::memcpy(to, from, size);
}

// Whole groups as vectors, a short one at the end as the reference has it.
void encode_block(Encoding encoding, std::span<const float> values, std::span<std::byte> block) {
  const auto vectors = encoding == Encoding::int8 ? encode_int8_groups : encode_fp4_groups;
  const BlockBytes<std::byte> bytes(block, values.size());
  const std::size_t whole = values.size() / kGroupElements;
  vectors(values.data(), whole, bytes.scales.data(), bytes.codes.data());
  for_each_group(whole, encoding, values, block,
                 [encoding](std::byte& scale, auto codes, auto elements) { scale = encode_group(encoding, elements, codes); });
}

// `vectors` is given the whole groups of every block; `rest` what a short one decodes to, as f32.
template <class Vectors, class Rest>
void decode_blocks(Encoding encoding, std::span<const std::byte> all, std::span<float> out, const Vectors& vectors,
                   const Rest& rest) {
  for_each_block(encoding, out, all, [&](auto elements, auto block) {
    const BlockBytes<const std::byte> bytes(block, elements.size());
    const std::size_t whole = elements.size() / kGroupElements;
    vectors(EncodedGroups{bytes.scales.data(), bytes.codes.data(), whole}, elements.data());
    for_each_group(whole, encoding, elements, block, [&](std::byte scale, auto codes, auto last) {
      std::array<float, kGroupElements> memory{};
      const std::span<float> decoded = std::span(memory).first(last.size());
      decode_group(encoding, scale, codes, decoded);
      rest(std::as_bytes(decoded), last);
    });
  });
}

}  // namespace

std::size_t encoded_size(Encoding encoding, std::uint64_t elements) {
  const auto size = static_cast<std::size_t>(elements);
  switch (encoding) {
    case Encoding::f32: return 4 * size;
    case Encoding::bf16: return 2 * size;
    case Encoding::int8:
    case Encoding::fp4: return groups_of(size) + code_bytes(encoding, size);
  }
  check_failed(__FILE__, __LINE__, "unknown encoding");
}

double bytes_per_element(Encoding encoding) {
  return static_cast<double>(encoded_size(encoding, kBlockElements)) / kBlockElements;
}

void encode(Encoding encoding, std::span<const float> values, std::span<std::byte> out) {
  check_sizes(encoding, values.size(), out.size());
  if (encoding == Encoding::f32) return copy(values.data(), out.data(), out.size());
  if (has_groups(encoding)) {
    return for_each_block(encoding, values, out, [&](auto elements, auto block) { encode_block(encoding, elements, block); });
  }
  const std::size_t done = encode_bf16_vectors(values.data(), values.size(), out.data());
  reference::encode(encoding, values.subspan(done), out.subspan(encoded_size(encoding, done)));
}

void decode(Encoding encoding, std::span<const std::byte> bytes, std::span<float> out) {
  check_sizes(encoding, out.size(), bytes.size());
  if (encoding == Encoding::f32) return copy(bytes.data(), out.data(), bytes.size());
  if (has_groups(encoding)) {
    return decode_blocks(encoding, bytes, out, encoding == Encoding::int8 ? decode_int8_groups : decode_fp4_groups,
                         [](auto decoded, auto to) { reference::decode(Encoding::f32, decoded, to); });
  }
  const std::size_t done = decode_bf16_vectors(bytes.data(), out.size(), out.data());
  reference::decode(encoding, bytes.subspan(encoded_size(encoding, done)), out.subspan(done));
}

void decode_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  if (has_groups(encoding)) {
    const auto groups = encoding == Encoding::int8 ? scale_int8_groups : scale_fp4_groups;
    return decode_blocks(
        encoding, bytes, sum, [&](const EncodedGroups& from, float* to) { groups(from, weight, to); },
        [&](auto decoded, auto to) { reference::decode_scaled(Encoding::f32, decoded, weight, to); });
  }
  const auto vectors = encoding == Encoding::f32 ? scale_f32_vectors : scale_bf16_vectors;
  const std::size_t done = vectors(bytes.data(), sum.size(), weight, sum.data());
  reference::decode_scaled(encoding, bytes.subspan(encoded_size(encoding, done)), weight, sum.subspan(done));
}

void decode_add_scaled(Encoding encoding, std::span<const std::byte> bytes, float weight, std::span<float> sum) {
  check_sizes(encoding, sum.size(), bytes.size());
  if (has_groups(encoding)) {
    const auto groups = encoding == Encoding::int8 ? add_scaled_int8_groups : add_scaled_fp4_groups;
    return decode_blocks(
        encoding, bytes, sum, [&](const EncodedGroups& from, float* to) { groups(from, weight, to); },
        [&](auto decoded, auto to) { reference::decode_add_scaled(Encoding::f32, decoded, weight, to); });
  }
  const auto vectors = encoding == Encoding::f32 ? add_scaled_f32_vectors : add_scaled_bf16_vectors;
  const std::size_t done = vectors(bytes.data(), sum.size(), weight, sum.data());
  reference::decode_add_scaled(encoding, bytes.subspan(encoded_size(encoding, done)), weight, sum.subspan(done));
}

}  // namespace intertie::codec
