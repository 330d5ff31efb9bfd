#include <cmath>
#include <random>

#include "intertie/base/block.h"
#include "intertie/base/simd_targets.h"
#include "intertie/codec/codec_fixture.h"
#include "intertie/codec/groups.h"

namespace intertie::codec {
namespace {

constexpr Encoding kGrouped[] = {Encoding::int8, Encoding::fp4};
const float kInfinity = from_bits(kInfinityBits);
const float kNan = from_bits(0x7fc00000);

// Finite, of both signs, with a magnitude of at most `most` (bits) that one of them has: halves, their neighbours, zeros, tiny
// and any others.
Values adversarial_group(std::uint32_t most, std::uint32_t seed) {
  std::mt19937 random(seed);
  Values values(kGroupElements);
  for (float& value : values) {
    const std::uint32_t drawn = static_cast<std::uint32_t>(random());
    std::uint32_t magnitude = most == 0 ? 0 : drawn % most;
    const std::uint32_t exponent = drawn % 14 << 23U;  // below that of `most`
    switch (random() % 4) {
      case 0: magnitude = most - std::min(most, exponent); break;
      case 1: magnitude = ((most - std::min(most, exponent)) & 0x7f800000U) | 0x400000U; break;  // half between powers of two
      case 2: magnitude = ((most - std::min(most, exponent)) & 0x7fff0000U) + drawn % 3 - 1; break;
      default: break;
    }
    magnitude = std::min(magnitude, most);
    value = from_bits(magnitude | (static_cast<std::uint32_t>(random()) & 0x80000000U));
  }
  values[random() % values.size()] = from_bits(most);
  return values;
}

// A short group with `values`, behind its scale: what one reads in docs/encodings.md.
std::vector<int> bytes_of(Encoding encoding, const Values& values) {
  std::vector<int> whole;
  for (const std::byte byte : encoded(encoding, values)) whole.push_back(static_cast<int>(byte));
  return whole;
}

using Bytes = std::vector<int>;

TEST(GroupEncodings, Int8KnownBytes) {
  EXPECT_EQ(bytes_of(Encoding::int8, {1}), (Bytes{121, 64})) << "units of 2^-6";
  EXPECT_EQ(bytes_of(Encoding::int8, {1, -1, 0, -0.0F}), (Bytes{121, 64, 192, 0, 0}));
  EXPECT_EQ(bytes_of(Encoding::int8, {1.984375F}), (Bytes{121, 127}));
  EXPECT_EQ(bytes_of(Encoding::int8, {1.99F, 1 / 64.0F}), (Bytes{121, 127, 1}));
  EXPECT_EQ(bytes_of(Encoding::int8, {1.9921875F, 3 / 64.0F}), (Bytes{122, 64, 2})) << "it would round to 128";
  EXPECT_EQ(bytes_of(Encoding::int8, {64, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F}), (Bytes{127, 64, 0, 2, 2, 0, 254})) << "to even";
  EXPECT_EQ(bytes_of(Encoding::int8, {0, 0}), (Bytes{1, 0, 0}));
  EXPECT_EQ(bytes_of(Encoding::int8, {0x1p-126F, 0x1p-127F, 0x1.8p-126F}), (Bytes{1, 1, 0, 2})) << "units from 2^-126 on";
  EXPECT_EQ(bytes_of(Encoding::int8, {from_bits(0x7f7fffff), -0x1p121F}), (Bytes{248, 127, 255})) << "the largest number";
  EXPECT_EQ(bytes_of(Encoding::int8, {-from_bits(0x7f7fffff)}), (Bytes{248, 129}));
}

TEST(GroupEncodings, Fp4KnownBytes) {
  EXPECT_EQ(bytes_of(Encoding::fp4, {1}), (Bytes{127, 0x07}));
  EXPECT_EQ(bytes_of(Encoding::fp4, {1, -1}), (Bytes{127, 0xf7})) << "the second half in the upper bits";
  EXPECT_EQ(bytes_of(Encoding::fp4, {1, 0.5F, -0.25F, -0.125F}), (Bytes{127, 0xd7, 0xc6}));
  EXPECT_EQ(bytes_of(Encoding::fp4, {1, 0.0625F, 0.03125F}), (Bytes{127, 0x27, 0x03})) << "an odd element: zeros above it";
  EXPECT_EQ(bytes_of(Encoding::fp4, {1, 1 / 64.0F, 1 / 128.0F, 0.0078F}), (Bytes{127, 0x17, 0x01}))
      << "half of the smallest rounds up";
  EXPECT_EQ(bytes_of(Encoding::fp4, {1.4999F, 0.75F, 0.7499F, 0}), (Bytes{127, 0x67, 0x07})) << "a half rounds up";
  EXPECT_EQ(bytes_of(Encoding::fp4, {1.5F, 1}), (Bytes{128, 0x67})) << "the scale is the rounded maximum";
  EXPECT_EQ(bytes_of(Encoding::fp4, {1, -0.0F}), (Bytes{127, 0x87})) << "zero has a sign";
  EXPECT_EQ(bytes_of(Encoding::fp4, {0, 0}), (Bytes{8, 0x00}));
  EXPECT_EQ(bytes_of(Encoding::fp4, {0x1p-125F, 0x1p-126F, from_bits(0x007fffff), 0}), (Bytes{8, 0x01, 0x01}));
  EXPECT_EQ(bytes_of(Encoding::fp4, {from_bits(0x7f7fffff), 0x1p127F}), (Bytes{254, 0x77})) << "the largest number";
}

TEST(GroupEncodings, ABlockIsItsScalesAndThenItsCodes) {
  Values values(2 * kGroupElements + 2, 1);
  for (std::size_t i = kGroupElements; i < 2 * kGroupElements; ++i) values[i] = -2;
  const Encoded int8 = encoded(Encoding::int8, values), fp4 = encoded(Encoding::fp4, values);
  EXPECT_EQ(Encoded(int8.begin(), int8.begin() + 4), (Encoded{std::byte{121}, std::byte{122}, std::byte{121}, std::byte{64}}));
  EXPECT_EQ(int8[3 + kGroupElements], std::byte{192});
  EXPECT_EQ(Encoded(fp4.begin(), fp4.begin() + 4), (Encoded{std::byte{127}, std::byte{128}, std::byte{127}, std::byte{0x77}}));
  EXPECT_EQ(fp4[3 + kGroupElements / 2], std::byte{0xff});
}

TEST(GroupEncodings, CutAtBlockEdgesTheBytesAreTheSame) {
  const Values values = random_values(3 * kBlockElements + 77, 3);
  for (const Encoding encoding : kGrouped) {
    const Encoded whole = encoded(encoding, values);
    Encoded parts = encoded(encoding, Values(values.begin(), values.begin() + 2 * kBlockElements));
    const Encoded rest = encoded(encoding, Values(values.begin() + 2 * kBlockElements, values.end()));
    parts.insert(parts.end(), rest.begin(), rest.end());
    EXPECT_EQ(whole, parts);
  }
}

// Of every exponent that the largest value of a group can have, with and without carries, whole groups and short ones.
template <class Body>
void for_many_groups(const Body& body) {
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) {
    for (const std::uint32_t mantissa : {0U, 1U, 0x3fffffU, 0x400000U, 0x7effffU, 0x7f0000U, 0x7fffffU}) {
      const std::uint32_t most = exponent << 23U | mantissa;
      Values values = adversarial_group(most, most);
      const Values second = adversarial_group(most, most + 1);
      values.insert(values.end(), second.begin(), second.begin() + 1 + exponent % (kGroupElements - 1));
      body(values);
    }
  }
}

TEST(GroupEncodings, VectorsEqualScalarsWhateverTheLargestValue) {
  for_each_simd_target([](const char* target) {
    for_many_groups([target](const Values& values) {
      for (const Encoding encoding : kGrouped) {
        const Encoded bytes = encoded(encoding, values);
        Encoded expected(bytes.size());
        reference::encode(encoding, values, expected);
        ASSERT_EQ(bytes, expected) << target << " " << to_string(encoding) << " " << values[0];
        Values out(values.size());
        reference::decode(encoding, bytes, out);
        ASSERT_TRUE(same_bits(decoded(encoding, bytes, values.size()), out)) << target << " " << to_string(encoding);
      }
    });
  });
}

TEST(GroupEncodings, VectorsEqualScalarsForAnyBytes) {
  for_each_simd_target([](const char* target) {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
      const std::size_t size = 1 + 137 * seed;
      for (const Encoding encoding : kGrouped) {
        const Encoded bytes = random_bytes(encoded_size(encoding, size), seed);
        Values a(size, 1), b(size, 1);
        decode(encoding, bytes, a), reference::decode(encoding, bytes, b);
        ASSERT_TRUE(same_bits(a, b)) << target;
        decode_add_scaled(encoding, bytes, 0.3F, a), reference::decode_add_scaled(encoding, bytes, 0.3F, b);
        ASSERT_TRUE(same_sums(a, b)) << target;
        decode_scaled(encoding, bytes, 0.3F, a), reference::decode_scaled(encoding, bytes, 0.3F, b);
        ASSERT_TRUE(same_sums(a, b)) << target;
      }
    }
  });
}

// The values of every pair of scale and code: docs/encodings.md in plain numbers.
TEST(GroupEncodings, EveryScaleAndCodeMeansWhatThePageSays) {
  for (int scale = 0; scale < 256; ++scale) {
    for (int code = 0; code < 256; ++code) {
      const Encoded bytes = {static_cast<std::byte>(scale), static_cast<std::byte>(code)};
      const double unit = scale == 0 ? 0 : std::ldexp(1.0, scale - 127);
      const auto whole = static_cast<std::int8_t>(code);
      const int magnitude = code & 7;
      const double share = (code & 8 ? -1 : 1) * (magnitude == 0 ? 0 : std::ldexp(1.0, magnitude - 7));
      const float int8 = decoded(Encoding::int8, bytes, 1)[0], fp4 = decoded(Encoding::fp4, bytes, 1)[0];
      if (scale == 255) {
        ASSERT_EQ(bits(int8), bits(kNan)) << code;
        ASSERT_EQ(bits(fp4), bits(kNan)) << code;
      } else {
        ASSERT_EQ(int8, static_cast<float>(whole * unit)) << scale << " " << code;
        ASSERT_EQ(fp4, static_cast<float>(share * unit)) << scale << " " << code;
      }
    }
  }
}

// The bounds of docs/encodings.md, for groups whose largest value is `most`.
double int8_bound(double most) {
  if (most >= std::ldexp(127.5, 121)) return std::ldexp(1.0, 121);  // cut to 127 units
  return std::max(most / 127.5, std::ldexp(1.0, -127)) * (1 + 1e-9);
}
double fp4_bound(double value, double most) {
  if (value >= std::ldexp(1.5, 127)) return value / 2;
  return std::max({value / 3, most / 96, std::ldexp(1.0, -126)}) * (1 + 1e-9);
}

TEST(GroupEncodings, ErrorsAreWithinTheBounds) {
  for_many_groups([](const Values& values) {
    for (const Encoding encoding : kGrouped) {
      const Values out = decoded(encoding, encoded(encoding, values), values.size());
      for (std::size_t first = 0; first < values.size(); first += kGroupElements) {
        const std::size_t last = std::min(values.size(), first + kGroupElements);
        double most = 0;
        for (std::size_t i = first; i < last; ++i) most = std::max(most, std::abs(double{values[i]}));
        for (std::size_t i = first; i < last; ++i) {
          const double value = std::abs(double{values[i]});
          const double bound = encoding == Encoding::int8 ? int8_bound(most) : fp4_bound(value, most);
          ASSERT_LE(std::abs(double{out[i]} - double{values[i]}), bound) << to_string(encoding) << " " << value << " " << most;
        }
      }
    }
  });
}

TEST(GroupEncodings, WhatDecodesIsEncodedWithoutLoss) {
  for_many_groups([](const Values& values) {
    for (const Encoding encoding : kGrouped) {
      const Values once = decoded(encoding, encoded(encoding, values), values.size());
      EXPECT_TRUE(same_bits(once, decoded(encoding, encoded(encoding, once), once.size())));
    }
  });
}

TEST(GroupEncodings, NothingThatIsNotFiniteBecomesFinite) {
  for_each_simd_target([](const char* target) {
    for (const float bad : {kInfinity, -kInfinity, kNan, -kNan, from_bits(0x7f800001), from_bits(0xffffffff)}) {
      for (std::size_t at = 0; at < 2 * kGroupElements + 5; ++at) {
        Values values(2 * kGroupElements + 5, 1);
        values[at] = bad;
        for (const Encoding encoding : kGrouped) {
          const Encoded bytes = encoded(encoding, values);
          const Values out = decoded(encoding, bytes, values.size());
          for (std::size_t i = 0; i < out.size(); ++i) {
            const bool same_group = i / kGroupElements == at / kGroupElements;
            ASSERT_EQ(bits(out[i]), same_group ? bits(kNan) : bits(1)) << target << " " << at << " " << i;
          }
        }
      }
    }
  });
}

TEST(GroupEncodings, FiniteValuesStayFinite) {
  for_many_groups([](const Values& values) {
    for (const Encoding encoding : kGrouped) {
      for (const float value : decoded(encoding, encoded(encoding, values), values.size())) ASSERT_TRUE(std::isfinite(value));
    }
  });
}

}  // namespace
}  // namespace intertie::codec
