#include "intertie/train/torch/gelu_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "intertie/train/torch/gelu_kernel.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once for each target.
#include <hwy/highway.h>
// And this one after both.
#include <hwy/contrib/math/math-inl.h>

// With s = 1 / (1 + exp(-2 u)) and u = k (x + c x^3):  (1 + tanh u) / 2 = s, so
//   gelu(x) = x s,   gelu'(x) = s + 2 x s (1 - s) k (1 + 3 c x^2).

HWY_BEFORE_NAMESPACE();
namespace intertie::train::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
void one_vector(D d, V x, V& y, V& slope) {
  const auto k2 = hn::Set(d, 1.5957691216057308F);  // 2 sqrt(2 / pi)
  const auto c = hn::Set(d, 0.044715F);
  const auto c3 = hn::Set(d, 0.134145F);
  const auto one = hn::Set(d, 1.0F);
  const auto square = hn::Mul(x, x);
  const auto minus_2u = hn::Neg(hn::Mul(hn::Mul(k2, x), hn::MulAdd(c, square, one)));
  // Below exp(88) nothing overflows; there s is 0 to f32 anyway.
  const auto s = hn::Div(one, hn::Add(one, hn::Exp(d, hn::Min(minus_2u, hn::Set(d, 88.0F)))));
  y = hn::Mul(x, s);
  slope = hn::MulAdd(hn::Mul(hn::Mul(y, hn::Sub(one, s)), k2), hn::MulAdd(c3, square, one), s);
}

void gelu_with_slope(const float* HWY_RESTRICT x, float* HWY_RESTRICT y, float* HWY_RESTRICT slope, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  hn::Vec<decltype(d)> value;
  hn::Vec<decltype(d)> derivative;
  for (; i + lanes <= size; i += lanes) {
    one_vector(d, hn::LoadU(d, x + i), value, derivative);
    hn::StoreU(value, d, y + i);
    hn::StoreU(derivative, d, slope + i);
  }
  const hn::CappedTag<float, 1> single;
  hn::Vec<decltype(single)> last_value;
  hn::Vec<decltype(single)> last_derivative;
  for (; i < size; ++i) {
    one_vector(single, hn::LoadU(single, x + i), last_value, last_derivative);
    hn::StoreU(last_value, single, y + i);
    hn::StoreU(last_derivative, single, slope + i);
  }
}

}  // namespace intertie::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intertie::train {

HWY_EXPORT(gelu_with_slope);

void gelu_with_slope(const float* x, float* y, float* slope, std::size_t size) {
  HWY_DYNAMIC_DISPATCH(gelu_with_slope)(x, y, slope, size);
}

}  // namespace intertie::train
#endif
