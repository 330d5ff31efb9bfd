// What the tests of encodings share. Used by codec_test.cpp and group_encodings_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "intertie/codec/codec.h"

namespace intertie::codec {

using Values = std::vector<float>;
using Encoded = std::vector<std::byte>;

inline std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }
inline float from_bits(std::uint32_t value) { return std::bit_cast<float>(value); }

// A linear congruence: its upper bits are random enough for elements.
inline std::uint32_t next_of(std::uint64_t& state) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::uint32_t>(state >> 32U);
}

// Any bits: NaNs, infinities and denormals among them.
inline Values random_values(std::size_t size, std::uint64_t seed) {
  Values values(size);
  for (float& value : values) value = from_bits(next_of(seed));
  return values;
}

inline Encoded random_bytes(std::size_t size, std::uint64_t seed) {
  Encoded bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_of(seed) >> 24U);
  return bytes;
}

inline Encoded encoded(Encoding encoding, const Values& values) {
  Encoded out(encoded_size(encoding, values.size()));
  encode(encoding, values, out);
  return out;
}

inline Values decoded(Encoding encoding, const Encoded& bytes, std::size_t size) {
  Values out(size);
  decode(encoding, bytes, out);
  return out;
}

inline ::testing::AssertionResult same_bits(const Values& a, const Values& b) {
  if (a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0)) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "bits differ";
}

// Equal bits, or both not a number.
inline ::testing::AssertionResult same_sums(const Values& a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (bits(a[i]) != bits(b[i]) && !(std::isnan(a[i]) && std::isnan(b[i]))) {
      return ::testing::AssertionFailure() << "element " << i << ": " << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace intertie::codec
