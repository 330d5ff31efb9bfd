// Vector optimisers against their scalar definition, at every instruction set of this machine, over any bits.
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "intertie/base/check.h"
#include "intertie/base/reduction.h"
#include "intertie/base/simd_targets.h"
#include "intertie/outer/optimiser.h"

namespace {

using namespace intertie;
using Values = std::vector<float>;

// Everything that an optimiser reads and writes.
struct State {
  Values p, m, v;
};

void check_same(const Values& a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = std::isnan(a[i]) && std::isnan(b[i]);
    INTERTIE_CHECK(both_nan || std::bit_cast<std::uint32_t>(a[i]) == std::bit_cast<std::uint32_t>(b[i]));
  }
}

void check_same(const State& a, const State& b) {
  check_same(a.p, b.p);
  check_same(a.m, b.m);
  check_same(a.v, b.v);
}

void compare(const Values& gradient, const State& start, float lr, float mu) {
  State fast = start, slow = start;
  outer::sgd_step(fast.p, gradient, lr);
  outer::reference::sgd_step(slow.p, gradient, lr);
  outer::nesterov_step(fast.p, fast.m, gradient, lr, mu);
  outer::reference::nesterov_step(slow.p, slow.m, gradient, lr, mu);
  check_same(fast, slow);
  const outer::AdamW settings{
      .lr = lr, .weight_decay = mu, .step_size = lr, .inverse_sqrt_correction2 = mu, .gradient_scale = lr};
  fast = slow = start;
  outer::adamw_step(fast.p, fast.m, fast.v, gradient, settings);
  outer::reference::adamw_step(slow.p, slow.m, slow.v, gradient, settings);
  check_same(fast, slow);
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  INTERTIE_CHECK_EQ(bits(dot_product(gradient, start.p)), bits(reference::dot_product(gradient, start.p)));
  INTERTIE_CHECK_EQ(all_finite(gradient), reference::all_finite(gradient));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Values numbers(size / sizeof(float));
  if (numbers.size() < 2) return 0;
  std::memcpy(numbers.data(), data, numbers.size() * sizeof(float));
  const std::size_t each = (numbers.size() - 2) / 4;
  const auto part = [&](std::size_t k) {
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(2 + k * each);
    return Values(first, first + static_cast<std::ptrdiff_t>(each));
  };
  for_each_simd_target([&](const char*) { compare(part(0), {part(1), part(2), part(3)}, numbers[0], numbers[1]); });
  return 0;
}
