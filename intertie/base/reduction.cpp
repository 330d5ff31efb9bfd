#include "intertie/base/reduction.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "intertie/base/block.h"
#include "intertie/base/check.h"
#include "intertie/base/reduction_kernels.h"

// The 16 accumulators are independent, so they may live in vectors of any width without any sum being reassociated. The
// product of two floats is exact in f64 (48 bits of 53): only the sums round. Cost: one pass over memory.

namespace intertie {
namespace {

using Accumulators = std::array<double, kNumAccumulators>;

double tree(Accumulators sums) {
  for (std::size_t half = kNumAccumulators / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

double block_product(const float* a, const float* b, std::size_t size) {
  Accumulators sums{};
  const std::size_t whole = size - size % kNumAccumulators;
  accumulate_products(a, b, whole, sums.data());
  for (std::size_t i = whole; i < size; ++i) sums[i - whole] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return tree(sums);
}

// Which of two NaNs an addition returns depends on the machine.
double one_nan(double sum) { return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : sum; }

bool is_finite(float value) { return (std::bit_cast<std::uint32_t>(value) & 0x7f800000U) != 0x7f800000U; }

}  // namespace

double dot_product(std::span<const float> a, std::span<const float> b) {
  INTERTIE_CHECK_EQ(a.size(), b.size());
  double sum = 0;
  for (std::size_t first = 0; first < a.size(); first += kBlockElements) {
    sum += block_product(a.data() + first, b.data() + first, std::min<std::size_t>(kBlockElements, a.size() - first));
  }
  return one_nan(sum);
}

double sum_of_squares(std::span<const float> values) { return dot_product(values, values); }

bool all_finite(std::span<const float> values) {
  const std::size_t whole = values.size() - values.size() % kNumAccumulators;
  for (std::size_t first = 0; first < whole; first += kBlockElements) {
    if (!stretch_finite(values.data() + first, std::min<std::size_t>(kBlockElements, whole - first))) return false;
  }
  return std::all_of(values.begin() + static_cast<std::ptrdiff_t>(whole), values.end(), is_finite);
}

namespace reference {

double dot_product(std::span<const float> a, std::span<const float> b) {
  INTERTIE_CHECK_EQ(a.size(), b.size());
  double sum = 0;
  for (std::size_t first = 0; first < a.size(); first += kBlockElements) {
    const std::size_t last = std::min<std::size_t>(a.size(), first + kBlockElements);
    Accumulators sums{};
    for (std::size_t i = first; i < last; ++i) {
      sums[(i - first) % kNumAccumulators] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    sum += tree(sums);
  }
  return one_nan(sum);
}

bool all_finite(std::span<const float> values) { return std::all_of(values.begin(), values.end(), is_finite); }

}  // namespace reference
}  // namespace intertie
