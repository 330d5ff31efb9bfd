#include "intertie/outer/optimiser.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "intertie/base/simd_targets.h"

namespace intertie::outer {
namespace {

using Values = std::vector<float>;

// Floats of every kind, infinities and NaNs included when asked for.
Values random_values(std::size_t size, std::uint32_t seed, bool finite) {
  std::mt19937 random(seed);
  Values values(size);
  for (float& value : values) {
    do value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    while (finite && !std::isfinite(value));
  }
  return values;
}

// Equal bits, or both not a number.
::testing::AssertionResult same(const Values& a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) {
      return ::testing::AssertionFailure() << "element " << i << " of " << a.size() << ": " << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

const std::vector<std::size_t> kSizes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000, 4099};

TEST(Optimiser, VectorsEqualScalarsAtEveryTarget) {
  const AdamW adamw = adamw_at({.lr = 1e-3, .beta2 = 0.99, .weight_decay = 0.1, .gradient_scale = 0.3F}, 7);
  for_each_simd_target([&](const char* target) {
    for (const std::size_t size : kSizes) {
      for (const bool finite : {true, false}) {
        SCOPED_TRACE(std::string(target) + ", size " + std::to_string(size));
        const Values g = random_values(size, 1, finite), p = random_values(size, 2, finite);
        const Values m = random_values(size, 3, finite), v = random_values(size, 4, finite);
        Values p1 = p, p2 = p, m1 = m, m2 = m, v1 = v, v2 = v;
        sgd_step(p1, g, 0.7F), reference::sgd_step(p2, g, 0.7F);
        EXPECT_TRUE(same(p1, p2));
        nesterov_step(p1, m1, g, 0.7F, 0.9F), reference::nesterov_step(p2, m2, g, 0.7F, 0.9F);
        EXPECT_TRUE(same(p1, p2) && same(m1, m2));
        adamw_step(p1, m1, v1, g, adamw), reference::adamw_step(p2, m2, v2, g, adamw);
        EXPECT_TRUE(same(p1, p2) && same(m1, m2) && same(v1, v2));
      }
    }
  });
}

// A fused a + b * c would keep what the rounding of b * c drops.
TEST(Optimiser, NothingIsFused) {
  const float x = 1 + 0x1p-12F;  // x * x = 1 + 2^-11 + 2^-24: the last term is lost when rounded
  for_each_simd_target([&](const char* target) {
    Values anchor(40, 1 + 0x1p-11F);
    sgd_step(anchor, Values(40, x), x);
    EXPECT_EQ(anchor, Values(40, 0)) << target;
    Values still(40, 0), momentum(40, -x);
    nesterov_step(still, momentum, Values(40, 1 + 0x1p-11F), 0, x);
    EXPECT_EQ(momentum, Values(40, 0)) << target;
  });
}

TEST(Optimiser, KeepsDenormals) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for_each_simd_target([&](const char* target) {
    Values anchor(40, 3 * tiny);
    sgd_step(anchor, Values(40, tiny), 1);
    EXPECT_EQ(anchor, Values(40, 2 * tiny)) << target;
  });
}

// Values printed by PyTorch 2.13.0 (CPU, f64 arithmetic, gradients rounded to f32) after each of three steps, for
// torch.optim.AdamW(lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1), SGD(lr=0.7, momentum=0.9, nesterov=True)
// and SGD(lr=0.7).
const std::array<Values, 3> kGradients = {Values{0.1F, -0.2F, 0.3F, 1e-3F}, Values{-0.05F, 0.4F, 0.3F, -2e-3F},
                                          Values{0.7F, 0.0F, -0.1F, 5e-4F}};
const Values kStart = {0.5F, -1.25F, 3.0F, 0.0F};
using Golden = std::array<std::array<double, 4>, 3>;
constexpr Golden kAdamW = {{{0.4989500001, -1.24887500005, 2.9987000000333333, -0.000999990000100474},
                            {0.4986334057046982, -1.2491157202517857, 2.9974001300666635, -0.0006342845965790743},
                            {0.4979231183818042, -1.2492740675721785, 2.9964935322234862, -0.0004974416161413702}}};
constexpr Golden kNesterov = {{{0.3669999980181456, -0.9839999960362912, 2.6009999841451643, -0.00133000006317161},
                               {0.376799998164177, -1.4026000022739171, 2.031899961531162, 0.0007630000362405553},
                               {-0.5768799863189459, -1.527340004132688, 1.8417099506705996, 0.0007217000342789106}}};
constexpr Golden kSgd = {{{0.4299999989569187, -1.1099999979138375, 2.7899999916553497, -0.0007000000332482159},
                          {0.4649999994784593, -1.3900000020861627, 2.5799999833106995, 0.0007000000332482158},
                          {-0.024999992176890376, -1.3900000020861627, 2.649999984353781, 0.00035000001662410785}}};

// Within a few roundings of the f32 numbers, up to 0.5, that the small ones were differences of.
void expect_near(const Values& values, const std::array<double, 4>& golden) {
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_NEAR(values[i], golden[i], 4e-8 + 2e-7 * std::abs(golden[i])) << i;
  }
}

TEST(Optimiser, AgreesWithPyTorch) {
  Values sgd = kStart, nesterov = kStart, momentum(4), adamw = kStart, m(4), v(4);
  for (std::size_t step = 0; step < kGradients.size(); ++step) {
    SCOPED_TRACE(step);
    sgd_step(sgd, kGradients[step], 0.7F);
    expect_near(sgd, kSgd[step]);
    nesterov_step(nesterov, momentum, kGradients[step], 0.7F, 0.9F);
    expect_near(nesterov, kNesterov[step]);
    const AdamW settings = adamw_at({.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.99, .weight_decay = 0.1}, step + 1);
    adamw_step(adamw, m, v, kGradients[step], settings);
    expect_near(adamw, kAdamW[step]);
  }
}

// AdamW of 1711.05101 (algorithm 2, constant schedule), in f64.
struct PlainAdamW {
  double p = 0, m = 0, v = 0;
  void step(double g, const AdamW& s, int t) {
    m = s.beta1 * m + (1 - s.beta1) * g;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(s.beta1, t)), v_hat = v / (1 - std::pow(s.beta2, t));
    p -= s.lr * (m_hat / (std::sqrt(v_hat) + s.epsilon)) + s.lr * s.weight_decay * p;
  }
};

TEST(Optimiser, AdamWFollowsItsPaperOver300Steps) {
  const AdamW settings{.lr = 3e-3, .weight_decay = 0.1};
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  Values p(33, 0.5F), m(33), v(33);
  std::vector<PlainAdamW> plain(33, PlainAdamW{.p = 0.5});
  for (int t = 1; t <= 300; ++t) {
    Values g(33);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = normal(random), plain[i].step(g[i], settings, t);
    adamw_step(p, m, v, g, adamw_at(settings, static_cast<std::uint64_t>(t)));
  }
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(p[i], plain[i].p, 3e-6) << i;
}

TEST(Optimiser, GradientScaleComesFirst) {
  Values p1(20, 1), m1(20), v1(20), p2 = p1, m2 = m1, v2 = v1;
  AdamW settings = adamw_at({.lr = 1e-3}, 1);
  adamw_step(p1, m1, v1, Values(20, 0.25F), settings);
  settings.gradient_scale = 0.5F;
  adamw_step(p2, m2, v2, Values(20, 0.5F), settings);
  EXPECT_TRUE(same(p1, p2) && same(m1, m2) && same(v1, v2));
}

TEST(Optimiser, BiasCorrections) {
  const AdamW first = adamw_at({.lr = 1e-3}, 1);
  EXPECT_FLOAT_EQ(first.step_size, 1e-2F);
  EXPECT_FLOAT_EQ(first.inverse_sqrt_correction2, 31.622776F);
  const AdamW late = adamw_at({.lr = 1e-3}, 10'000'000'000ULL);
  EXPECT_EQ(late.step_size, 1e-3F);
  EXPECT_EQ(late.inverse_sqrt_correction2, 1.0F);
  for (const std::uint64_t t : {2U, 3U, 10U, 1000U}) {
    EXPECT_FLOAT_EQ(adamw_at({.lr = 1}, t).step_size, static_cast<float>(1 / (1 - std::pow(0.9, t)))) << t;
  }
}

TEST(Optimiser, ClipFactor) {
  EXPECT_EQ(clip_factor(0.25, 1), 1.0F);
  EXPECT_EQ(clip_factor(0, 1), 1.0F);
  EXPECT_EQ(clip_factor(100, 1), static_cast<float>(1 / (10 + 1e-6)));
  EXPECT_EQ(clip_factor(1e300, 0), 1.0F) << "clipping is off";
  EXPECT_EQ(clip_factor(std::numeric_limits<double>::infinity(), 1), 0.0F);
  EXPECT_TRUE(std::isnan(clip_factor(std::numeric_limits<double>::quiet_NaN(), 1))) << "a bad gradient must not pass unseen";
}

TEST(OptimiserDeathTest, SizesMustBeEqual) {
  Values three(3), four(4);
  EXPECT_DEATH(sgd_step(three, four, 1), "3 and 4");
  EXPECT_DEATH(nesterov_step(three, four, three, 1, 1), "3 and 4");
  EXPECT_DEATH(adamw_step(three, three, four, three, {}), "3 and 4");
}

}  // namespace
}  // namespace intertie::outer
