// Vector codecs against their scalar definition, at every instruction set of this machine: any bytes are valid elements.
#include <bit>
#include <cmath>
#include <cstring>
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

void compare(Encoding encoding, const Values& values, float weight) {
  const std::size_t size = codec::encoded_size(encoding, values.size());
  Encoded fast(size), slow(size);
  codec::encode(encoding, values, fast);
  codec::reference::encode(encoding, values, slow);
  INTERTIE_CHECK(fast == slow);
  Values a = values, b = values;
  codec::decode_add_scaled(encoding, fast, weight, a);
  codec::reference::decode_add_scaled(encoding, fast, weight, b);
  check_same(a, b, true);
  codec::decode_scaled(encoding, fast, weight, a);
  codec::reference::decode_scaled(encoding, fast, weight, b);
  check_same(a, b, true);
  codec::decode(encoding, fast, a);
  codec::reference::decode(encoding, fast, b);
  check_same(a, b, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof(float)) return 0;
  float weight = 0;
  std::memcpy(&weight, data, sizeof weight);
  Values values(size / sizeof(float) - 1);
  if (!values.empty()) std::memcpy(values.data(), data + sizeof(float), values.size() * sizeof(float));
  for_each_simd_target([&](const char*) {
    for (const Encoding encoding : {Encoding::f32, Encoding::bf16}) compare(encoding, values, weight);
  });
  return 0;
}
