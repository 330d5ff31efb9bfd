#include "intertie/outer/optimiser.h"

#include <cmath>

#include "intertie/base/check.h"
#include "intertie/outer/kernels.h"

namespace intertie::outer {
namespace {

// By squaring, lowest bit first: the same sequence of f64 products everywhere, unlike libm's pow.
double power(double base, std::uint64_t exponent) {
  double result = 1;
  for (; exponent != 0; exponent /= 2) {
    if (exponent % 2 != 0) result *= base;
    base *= base;
  }
  return result;
}

AdamWFactors factors_of(const AdamW& settings) {
  return {.gradient_scale = settings.gradient_scale,
          .keep = static_cast<float>(1 - settings.lr * settings.weight_decay),
          .one_minus_beta1 = static_cast<float>(1 - settings.beta1),
          .beta2 = static_cast<float>(settings.beta2),
          .one_minus_beta2 = static_cast<float>(1 - settings.beta2),
          .inverse_sqrt_correction2 = settings.inverse_sqrt_correction2,
          .epsilon = static_cast<float>(settings.epsilon),
          .step_size = settings.step_size};
}

}  // namespace

void sgd_step(std::span<float> anchor, std::span<const float> gradient, float lr) {
  INTERTIE_CHECK_EQ(anchor.size(), gradient.size());
  const std::size_t done = sgd_vectors(anchor.data(), gradient.data(), anchor.size(), lr);
  reference::sgd_step(anchor.subspan(done), gradient.subspan(done), lr);
}

void nesterov_step(std::span<float> anchor, std::span<float> momentum, std::span<const float> gradient, float lr, float mu) {
  INTERTIE_CHECK_EQ(anchor.size(), gradient.size());
  INTERTIE_CHECK_EQ(anchor.size(), momentum.size());
  const std::size_t done = nesterov_vectors(anchor.data(), momentum.data(), gradient.data(), anchor.size(), lr, mu);
  reference::nesterov_step(anchor.subspan(done), momentum.subspan(done), gradient.subspan(done), lr, mu);
}

AdamW adamw_at(AdamW settings, std::uint64_t t) {
  INTERTIE_CHECK_LT(0U, t);
  settings.step_size = static_cast<float>(settings.lr / (1 - power(settings.beta1, t)));
  settings.inverse_sqrt_correction2 = static_cast<float>(1 / std::sqrt(1 - power(settings.beta2, t)));
  return settings;
}

void adamw_step(std::span<float> parameters, std::span<float> first_moment, std::span<float> second_moment,
                std::span<const float> gradient, const AdamW& settings) {
  INTERTIE_CHECK_EQ(parameters.size(), gradient.size());
  INTERTIE_CHECK_EQ(parameters.size(), first_moment.size());
  INTERTIE_CHECK_EQ(parameters.size(), second_moment.size());
  const std::size_t done = adamw_vectors(parameters.data(), first_moment.data(), second_moment.data(), gradient.data(),
                                         parameters.size(), factors_of(settings));
  reference::adamw_step(parameters.subspan(done), first_moment.subspan(done), second_moment.subspan(done),
                        gradient.subspan(done), settings);
}

float clip_factor(double sum_of_squares, double clip) {
  if (clip <= 0) return 1;
  const double factor = clip / (std::sqrt(sum_of_squares) + 1e-6);
  return factor > 1 ? 1 : static_cast<float>(factor);
}

namespace reference {

void sgd_step(std::span<float> anchor, std::span<const float> gradient, float lr) {
  for (std::size_t i = 0; i < anchor.size(); ++i) anchor[i] = anchor[i] - lr * gradient[i];
}

void nesterov_step(std::span<float> anchor, std::span<float> momentum, std::span<const float> gradient, float lr, float mu) {
  for (std::size_t i = 0; i < anchor.size(); ++i) {
    momentum[i] = mu * momentum[i] + gradient[i];
    anchor[i] = anchor[i] - lr * (gradient[i] + mu * momentum[i]);
  }
}

void adamw_step(std::span<float> parameters, std::span<float> first_moment, std::span<float> second_moment,
                std::span<const float> gradient, const AdamW& settings) {
  const AdamWFactors f = factors_of(settings);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    float& m = first_moment[i];
    float& v = second_moment[i];
    const float g = gradient[i] * f.gradient_scale;
    m = m + f.one_minus_beta1 * (g - m);
    v = f.beta2 * v + f.one_minus_beta2 * (g * g);
    const float root = std::sqrt(v) * f.inverse_sqrt_correction2 + f.epsilon;
    parameters[i] = parameters[i] * f.keep - f.step_size * (m / root);
  }
}

}  // namespace reference
}  // namespace intertie::outer
