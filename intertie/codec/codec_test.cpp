#include "intertie/codec/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "intertie/base/simd_targets.h"
#include "intertie/codec/codec_fixture.h"

namespace intertie::codec {
namespace {

const std::vector<std::size_t> kSizes = {0,  1,  2,  3,   7,   8,   9,   15,  16,  17,   31,   32,
                                         33, 63, 65, 127, 128, 129, 255, 300, 511, 4096, 4097, 8500};

TEST(Codec, Bf16RoundsToNearestEven) {
  struct Row {
    std::uint32_t f32, bf16;
    const char* what;
  };
  const std::vector<Row> table = {
      {0x00000000, 0x0000, "zero"},
      {0x80000000, 0x8000, "minus zero"},
      {0x3f800000, 0x3f80, "one"},
      {0x3f807fff, 0x3f80, "below the half: down"},
      {0x3f808000, 0x3f80, "the half, even below: down"},
      {0x3f808001, 0x3f81, "above the half: up"},
      {0x3f818000, 0x3f82, "the half, odd below: up"},
      {0xbf818000, 0xbf82, "the sign plays no part"},
      {0x3fffffff, 0x4000, "carries into the exponent"},
      {0x7f7fffff, 0x7f80, "the largest finite number rounds to infinity"},
      {0x7f7f7fff, 0x7f7f, "the largest that does not"},
      {0x7f800000, 0x7f80, "infinity"},
      {0xff800000, 0xff80, "minus infinity"},
      {0x00000001, 0x0000, "the smallest denormal rounds to zero"},
      {0x00010000, 0x0001, "a denormal that fits is kept"},
      {0x00018000, 0x0002, "a denormal is rounded like any other number"},
      {0x807f8000, 0x8080, "the largest denormals round to the smallest normal number"},
      {0x7fc00000, 0x7fc0, "quiet NaN"},
      {0x7f800001, 0x7fc0, "a signalling NaN with a low payload becomes quiet, not infinity"},
      {0xffa50001, 0xffe5, "a NaN keeps sign and upper payload"},
      {0x7fffffff, 0x7fff, "a NaN does not overflow"},
  };
  for_each_simd_target([&](const char* target) {
    for (const Row& row : table) {
      for (const std::size_t size : {1U, 16U}) {  // the scalar tail, and vectors
        const Encoded out = encoded(Encoding::bf16, Values(size, from_bits(row.f32)));
        std::uint16_t last = 0;
        std::memcpy(&last, out.data() + out.size() - 2, 2);
        EXPECT_EQ(last, row.bf16) << target << ": " << row.what;
      }
    }
  });
}

TEST(Codec, TheBytesAreLittleEndian) {
  EXPECT_EQ(encoded(Encoding::f32, {1.0F}), (Encoded{std::byte{0}, std::byte{0}, std::byte{0x80}, std::byte{0x3f}}));
  EXPECT_EQ(encoded(Encoding::bf16, {1.0F}), (Encoded{std::byte{0x80}, std::byte{0x3f}}));
}

TEST(Codec, DecodesEveryBf16Exactly) {
  Encoded all(2 * 65536);
  for (std::uint32_t i = 0; i < 65536; ++i) std::memcpy(all.data() + std::size_t{2} * i, &i, 2);
  for_each_simd_target([&](const char* target) {
    Values out(65536);
    decode(Encoding::bf16, all, out);
    for (std::uint32_t i = 0; i < 65536; ++i) ASSERT_EQ(bits(out[i]), i << 16U) << target;
    const Encoded again = encoded(Encoding::bf16, out);
    for (std::uint32_t i = 0; i < 65536; ++i) {
      std::uint16_t half = 0;
      std::memcpy(&half, again.data() + std::size_t{2} * i, 2);
      ASSERT_EQ(half, std::isnan(out[i]) ? (i | 0x40U) : i) << target;
    }
  });
}

TEST(Codec, F32IsTheSameBits) {
  const Values values = random_values(1000, 1);
  Values out(values.size());
  decode(Encoding::f32, encoded(Encoding::f32, values), out);
  EXPECT_TRUE(same_bits(values, out));
}

TEST(Codec, VectorsEqualScalarsAtEveryTarget) {
  for_each_simd_target([](const char* target) {
    for (const Encoding encoding : kEncodings) {
      for (const std::size_t size : kSizes) {
        SCOPED_TRACE(std::string(target) + " " + to_string(encoding) + " " + std::to_string(size));
        const Values values = random_values(size, 1), before = random_values(size, 2);
        const Encoded bytes = encoded(encoding, values);
        Encoded bytes2(bytes.size());
        reference::encode(encoding, values, bytes2);
        EXPECT_EQ(bytes, bytes2);
        Values a = before, b = before;
        decode(encoding, bytes, a), reference::decode(encoding, bytes, b);
        EXPECT_TRUE(same_bits(a, b));
        decode_scaled(encoding, bytes, 0.3F, a), reference::decode_scaled(encoding, bytes, 0.3F, b);
        EXPECT_TRUE(same_sums(a, b));
        a = b = before;
        decode_add_scaled(encoding, bytes, 0.3F, a), reference::decode_add_scaled(encoding, bytes, 0.3F, b);
        EXPECT_TRUE(same_sums(a, b));
      }
    }
  });
}

TEST(Codec, EncodedBytesNeedNoAlignment) {
  const Values values = random_values(100, 4);
  for (const Encoding encoding : kEncodings) {
    const Encoded expected = encoded(encoding, values);
    Encoded shifted(expected.size() + 1);
    const auto bytes = std::span(shifted).subspan(1);
    encode(encoding, values, bytes);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin()));
    Values a(100), b(100);
    decode(encoding, bytes, a), decode(encoding, expected, b);
    EXPECT_TRUE(same_bits(a, b));
    decode_add_scaled(encoding, bytes, 0.5F, a), decode_add_scaled(encoding, expected, 0.5F, b);
    EXPECT_TRUE(same_sums(a, b));
  }
}

TEST(Codec, ProductAndSumAreRoundedEach) {
  const float x = 1 + 0x1p-12F;  // x * x = 1 + 2^-11 + 2^-24: the last term is lost when rounded
  for_each_simd_target([&](const char* target) {
    Values sum(40, -(1 + 0x1p-11F));
    decode_add_scaled(Encoding::f32, encoded(Encoding::f32, Values(40, x)), x, sum);
    EXPECT_EQ(sum, Values(40, 0)) << target << ": a fused sum keeps 2^-24";
  });
}

TEST(Codec, SumsKeepDenormals) {
  const float tiny = from_bits(0x00010000);
  for_each_simd_target([&](const char* target) {
    for (const Encoding encoding : {Encoding::f32, Encoding::bf16}) {
      Values sum(40);
      decode_scaled(encoding, encoded(encoding, Values(40, tiny)), 0.5F, sum);
      EXPECT_EQ(sum, Values(40, from_bits(0x00008000))) << target;
      decode_add_scaled(encoding, encoded(encoding, Values(40, tiny)), 0.5F, sum);
      EXPECT_EQ(sum, Values(40, tiny)) << target;
    }
  });
}

TEST(Codec, EncodedSize) {
  EXPECT_EQ(encoded_size(Encoding::f32, 4096), 16384U);
  EXPECT_EQ(encoded_size(Encoding::bf16, 4096), 8192U);
  EXPECT_EQ(encoded_size(Encoding::bf16, 0), 0U);
  EXPECT_EQ(encoded_size(Encoding::int8, 4096), 4128U) << "and a scale for every 128";
  EXPECT_EQ(encoded_size(Encoding::int8, 130), 132U) << "a short group has a scale, too";
  EXPECT_EQ(encoded_size(Encoding::fp4, 4096), 2080U);
  EXPECT_EQ(encoded_size(Encoding::fp4, 131), 68U) << "the last byte carries one element";
  EXPECT_EQ(encoded_size(Encoding::fp4, 0), 0U);
  EXPECT_EQ(bytes_per_element(Encoding::fp4), 4.0625 / 8);
}

TEST(CodecDeathTest, SizesMustFit) {
  Values values(3);
  Encoded bytes(11);
  EXPECT_DEATH(encode(Encoding::f32, values, bytes), "11 and 12");
  EXPECT_DEATH(decode_scaled(Encoding::bf16, bytes, 1, values), "11 and 6");
}

}  // namespace
}  // namespace intertie::codec
