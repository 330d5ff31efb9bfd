// Vector codecs against their scalar definition, at every instruction set of this machine: any bytes are valid elements, and
// any bytes are an encoding of some.
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "intertie/base/check.h"
#include "intertie/base/simd_targets.h"
#include "intertie/codec/codec.h"

namespace {

using namespace intertie;
using Values = std::vector<float>;
using Encoded = std::vector<std::byte>;

bool same(float a, float b, bool any_nan) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (any_nan && std::isnan(a) && std::isnan(b));
}

void check_same(const Values& a, const Values& b, bool any_nan) {
  for (std::size_t i = 0; i < a.size(); ++i) INTERTIE_CHECK(same(a[i], b[i], any_nan));
}

void compare_decoded(Encoding encoding, std::span<const std::byte> bytes, const Values& before, float weight) {
  Values a = before, b = before;
  codec::decode_add_scaled(encoding, bytes, weight, a);
  codec::reference::decode_add_scaled(encoding, bytes, weight, b);
  check_same(a, b, true);
  codec::decode_scaled(encoding, bytes, weight, a);
  codec::reference::decode_scaled(encoding, bytes, weight, b);
  check_same(a, b, true);
  codec::decode(encoding, bytes, a);
  codec::reference::decode(encoding, bytes, b);
  check_same(a, b, false);
}

void compare(Encoding encoding, const Values& values, float weight) {
  const std::size_t size = codec::encoded_size(encoding, values.size());
  Encoded fast(size), slow(size);
  codec::encode(encoding, values, fast);
  codec::reference::encode(encoding, values, slow);
  INTERTIE_CHECK(fast == slow);
  compare_decoded(encoding, fast, values, weight);
  const auto any_bytes = std::as_bytes(std::span(values));
  compare_decoded(encoding, any_bytes.first(size), Values(values.size(), 1), weight);
  // What is not finite does not become finite.
  Values decoded(values.size());
  codec::decode(encoding, fast, decoded);
  for (std::size_t i = 0; i < values.size(); ++i) INTERTIE_CHECK(std::isfinite(values[i]) || !std::isfinite(decoded[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof(float)) return 0;
  float weight = 0;
  std::memcpy(&weight, data, sizeof weight);
  Values values(size / sizeof(float) - 1);
  if (!values.empty()) std::memcpy(values.data(), data + sizeof(float), values.size() * sizeof(float));
  for_each_simd_target([&](const char*) {
    for (const Encoding encoding : kEncodings) compare(encoding, values, weight);
  });
  return 0;
}
