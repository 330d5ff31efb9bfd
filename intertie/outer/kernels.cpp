#include "intertie/outer/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "intertie/outer/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Mul then Add, never MulAdd: a fused product would not be rounded, and the bits would depend on the machine.

HWY_BEFORE_NAMESPACE();
namespace intertie::outer::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

std::size_t sgd_vectors(float* HWY_RESTRICT anchor, const float* HWY_RESTRICT gradient, std::size_t size, float lr) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto rate = hn::Set(d, lr);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto g = hn::LoadU(d, gradient + i);
    hn::StoreU(hn::Sub(hn::LoadU(d, anchor + i), hn::Mul(rate, g)), d, anchor + i);
  }
  return i;
}

// NOLINTNEXTLINE(readability-function-size): pointers and scalars are what the run-time dispatch passes on
std::size_t nesterov_vectors(float* HWY_RESTRICT anchor, float* HWY_RESTRICT momentum, const float* HWY_RESTRICT gradient,
                             std::size_t size, float lr, float mu) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto rate = hn::Set(d, lr);
  const auto keep = hn::Set(d, mu);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto g = hn::LoadU(d, gradient + i);
    const auto m = hn::Add(hn::Mul(keep, hn::LoadU(d, momentum + i)), g);
    hn::StoreU(m, d, momentum + i);
    const auto step = hn::Mul(rate, hn::Add(g, hn::Mul(keep, m)));
    hn::StoreU(hn::Sub(hn::LoadU(d, anchor + i), step), d, anchor + i);
  }
  return i;
}

// NOLINTNEXTLINE(readability-function-size): pointers and scalars are what the run-time dispatch passes on
std::size_t adamw_vectors(float* HWY_RESTRICT p, float* HWY_RESTRICT m, float* HWY_RESTRICT v,
                          const float* HWY_RESTRICT gradient, std::size_t size, const AdamWFactors& factors) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, factors.gradient_scale);
  const auto keep = hn::Set(d, factors.keep);
  const auto one_minus_beta1 = hn::Set(d, factors.one_minus_beta1);
  const auto beta2 = hn::Set(d, factors.beta2);
  const auto one_minus_beta2 = hn::Set(d, factors.one_minus_beta2);
  const auto correction = hn::Set(d, factors.inverse_sqrt_correction2);
  const auto epsilon = hn::Set(d, factors.epsilon);
  const auto step_size = hn::Set(d, factors.step_size);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto g = hn::Mul(hn::LoadU(d, gradient + i), scale);
    const auto m_before = hn::LoadU(d, m + i);
    const auto m_after = hn::Add(m_before, hn::Mul(one_minus_beta1, hn::Sub(g, m_before)));
    const auto v_after = hn::Add(hn::Mul(beta2, hn::LoadU(d, v + i)), hn::Mul(one_minus_beta2, hn::Mul(g, g)));
    hn::StoreU(m_after, d, m + i);
    hn::StoreU(v_after, d, v + i);
    const auto root = hn::Add(hn::Mul(hn::Sqrt(v_after), correction), epsilon);
    const auto step = hn::Mul(step_size, hn::Div(m_after, root));
    hn::StoreU(hn::Sub(hn::Mul(hn::LoadU(d, p + i), keep), step), d, p + i);
  }
  return i;
}

}  // namespace intertie::outer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intertie::outer {

HWY_EXPORT(sgd_vectors);
HWY_EXPORT(nesterov_vectors);
HWY_EXPORT(adamw_vectors);

std::size_t sgd_vectors(float* anchor, const float* gradient, std::size_t size, float lr) {
  return HWY_DYNAMIC_DISPATCH(sgd_vectors)(anchor, gradient, size, lr);
}

// NOLINTNEXTLINE(readability-function-size): pointers and scalars are what the run-time dispatch passes on
std::size_t nesterov_vectors(float* anchor, float* momentum, const float* gradient, std::size_t size, float lr, float mu) {
  return HWY_DYNAMIC_DISPATCH(nesterov_vectors)(anchor, momentum, gradient, size, lr, mu);
}

// NOLINTNEXTLINE(readability-function-size): pointers and scalars are what the run-time dispatch passes on
std::size_t adamw_vectors(float* p, float* m, float* v, const float* gradient, std::size_t size, const AdamWFactors& factors) {
  return HWY_DYNAMIC_DISPATCH(adamw_vectors)(p, m, v, gradient, size, factors);
}

}  // namespace intertie::outer
#endif
