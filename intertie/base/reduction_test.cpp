#include "intertie/base/reduction.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "intertie/base/simd_targets.h"

namespace intertie {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

// Floats of every size, denormals included.
std::vector<float> random_values(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    do value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    while (!std::isfinite(value));
  }
  return values;
}

// The specification once more, word for word: 16 accumulators a block, halved by a tree, blocks in order.
double by_hand(const std::vector<float>& a, const std::vector<float>& b) {
  double total = 0;
  for (std::size_t first = 0; first < a.size(); first += 4096) {
    double s[16] = {};
    for (std::size_t i = first; i < std::min(a.size(), first + 4096); ++i) s[i % 16] += double{a[i]} * double{b[i]};
    for (int i = 0; i < 8; ++i) s[i] += s[i + 8];
    for (int i = 0; i < 4; ++i) s[i] += s[i + 4];
    for (int i = 0; i < 2; ++i) s[i] += s[i + 2];
    total += s[0] + s[1];
  }
  return total;
}

const std::vector<std::size_t> kSizes = {0,    1,    2,    7,    15,   16,   17,   31,   32,   33,    63,    64,
                                         4079, 4080, 4081, 4095, 4096, 4097, 4111, 4112, 8192, 12287, 12289, 40000};

TEST(Reduction, SumsInTheSpecifiedOrderAtEveryTarget) {
  for_each_simd_target([](const char* target) {
    for (const std::size_t size : kSizes) {
      const auto a = random_values(size, 1), b = random_values(size, 2);
      EXPECT_EQ(bits(dot_product(a, b)), bits(by_hand(a, b))) << target << " " << size;
      EXPECT_EQ(bits(reference::dot_product(a, b)), bits(by_hand(a, b))) << size;
      EXPECT_EQ(bits(sum_of_squares(a)), bits(by_hand(a, a))) << target << " " << size;
      EXPECT_TRUE(all_finite(a)) << target << " " << size;
    }
  });
}

TEST(Reduction, TheOrderMatters) {
  const auto a = random_values(4096, 1);
  double forwards = 0;
  for (const float value : a) forwards += double{value} * double{value};
  EXPECT_NE(bits(sum_of_squares(a)), bits(forwards)) << "else the tests above could not fail";
}

TEST(Reduction, AlignmentDoesNotMatter) {
  const auto values = random_values(5000, 3);
  const double expected = sum_of_squares(values);
  for (std::size_t offset = 0; offset < 16; ++offset) {
    std::vector<float> moved(values.size() + 16);
    for (std::size_t i = 0; i < values.size(); ++i) moved[offset + i] = values[i];
    EXPECT_EQ(bits(sum_of_squares(std::span(moved).subspan(offset, values.size()))), bits(expected)) << offset;
  }
}

TEST(Reduction, KeepsDenormals) {
  const std::vector<float> denormals(16 * 3 + 5, std::numeric_limits<float>::denorm_min());
  for_each_simd_target([&](const char* target) {
    EXPECT_EQ(sum_of_squares(denormals), 53 * std::ldexp(1.0, -298)) << target;
    EXPECT_TRUE(all_finite(denormals)) << target;
  });
}

TEST(Reduction, NotANumberIsOneNaN) {
  std::vector<float> negative_nan(100, 1.0F);
  negative_nan[3] = std::bit_cast<float>(0xffc12345U);
  negative_nan[19] = std::bit_cast<float>(0x7fc54321U);
  const std::vector<float> infinities = {kInfinity, -kInfinity}, ones = {1, 1};
  const std::uint64_t the_nan = bits(std::numeric_limits<double>::quiet_NaN());
  for_each_simd_target([&](const char* target) {
    EXPECT_EQ(bits(sum_of_squares(negative_nan)), the_nan) << target;
    EXPECT_EQ(bits(dot_product(infinities, ones)), the_nan) << target;
    EXPECT_EQ(sum_of_squares(infinities), std::numeric_limits<double>::infinity()) << target;
  });
  EXPECT_EQ(bits(reference::dot_product(negative_nan, negative_nan)), the_nan);
}

TEST(Reduction, FindsWhatIsNotFiniteWhereverItIs) {
  for_each_simd_target([](const char* target) {
    for (const std::size_t size : kSizes) {
      for (const std::size_t place : {std::size_t{0}, size / 2, size - 1}) {
        if (size == 0) continue;
        for (const float bad : {kInfinity, -kInfinity, kNaN, -kNaN}) {
          std::vector<float> values(size, -std::numeric_limits<float>::max());
          values[place] = bad;
          EXPECT_FALSE(all_finite(values)) << target << " " << size << " " << place;
          EXPECT_FALSE(reference::all_finite(values));
        }
      }
    }
  });
}

TEST(ReductionDeathTest, SizesMustBeEqual) {
  const std::vector<float> three(3), four(4);
  EXPECT_DEATH(static_cast<void>(dot_product(three, four)), "3 and 4");
}

}  // namespace
}  // namespace intertie
