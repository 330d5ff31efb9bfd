// Element-wise optimisers over flat f32 spans: the outer step of a merge, and the inner step of training. Ours, so that equal
// bytes give equal parameters on any machine: every operation is a separately rounded f32 operation in the order written
// here; no libm in the loops (scalar bias corrections are computed once, in f64, by multiplication alone, and travel in the
// arguments). Vectorised with Highway; `reference::` has the scalar twins. A result that is not a number is one everywhere,
// but its bits are not specified.
// Pure over the caller's memory; any thread; spans of one call have equal sizes and do not overlap.
#pragma once

#include <cstdint>
#include <span>

namespace intertie::outer {

// anchor[i] -= lr * gradient[i]
void sgd_step(std::span<float> anchor, std::span<const float> gradient, float lr);

// DiLoCo's outer step (2311.08105; PyTorch's SGD with nesterov=true, dampening 0):
//   momentum[i] = mu * momentum[i] + gradient[i];  anchor[i] -= lr * (gradient[i] + mu * momentum[i])
void nesterov_step(std::span<float> anchor, std::span<float> momentum, std::span<const float> gradient, float lr, float mu);

// AdamW (Loshchilov and Hutter 1711.05101), PyTorch's form, over a stretch of parameters with one weight decay:
//   p *= 1 - lr * weight_decay;  m = m + (1 - beta1) * (g - m);  v = beta2 * v + (1 - beta2) * (g * g)
//   p -= step_size * (m / (sqrt(v) * inverse_sqrt_correction2 + epsilon))
// The settings are f64, so that 1 - lr * weight_decay, 1 - beta1 and 1 - beta2 are rounded to f32 once.
struct AdamW {
  double lr = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  float step_size = 0;                 // lr / (1 - beta1^t)
  float inverse_sqrt_correction2 = 1;  // 1 / sqrt(1 - beta2^t)
  float gradient_scale = 1;            // g is multiplied by this first (clipping)
};
// Sets step_size and inverse_sqrt_correction2 for step `t` (1 for the first).
AdamW adamw_at(AdamW settings, std::uint64_t t);
void adamw_step(std::span<float> parameters, std::span<float> first_moment, std::span<float> second_moment,
                std::span<const float> gradient, const AdamW& settings);

// The factor that brings a gradient of squared norm `sum_of_squares` to a norm of at most `clip`: min(1, clip / (norm + 1e-6)),
// rounded once to f32. clip <= 0: 1. A norm that is not a number gives a factor that is not one either.
float clip_factor(double sum_of_squares, double clip);

namespace reference {
void sgd_step(std::span<float> anchor, std::span<const float> gradient, float lr);
void nesterov_step(std::span<float> anchor, std::span<float> momentum, std::span<const float> gradient, float lr, float mu);
void adamw_step(std::span<float> parameters, std::span<float> first_moment, std::span<float> second_moment,
                std::span<const float> gradient, const AdamW& settings);
}  // namespace reference

}  // namespace intertie::outer
