#include "intertie/codec/kernels.h"

#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "intertie/codec/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Mul then Add, never MulAdd: product and sum are rounded each by itself. The bf16 code works on integers alone, so neither the
// rounding mode nor a machine's own bf16 instructions (which drop denormals) can change a byte.

HWY_BEFORE_NAMESPACE();
namespace intertie::codec::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Words = hn::RebindToUnsigned<Floats>;
using Halves = hn::Rebind<std::uint16_t, Words>;

// How vectors of elements are read from encoded bytes.
struct F32 {
  static constexpr std::size_t kBytes = 4;
  static auto load(const std::byte* bytes) { return hn::LoadU(Floats(), reinterpret_cast<const float*>(bytes)); }
};
struct Bf16 {
  static constexpr std::size_t kBytes = 2;
  static auto load(const std::byte* bytes) {
    const auto halves = hn::LoadU(Halves(), reinterpret_cast<const std::uint16_t*>(bytes));
    return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), halves)));
  }
};

std::size_t encode_bf16_vectors(const float* HWY_RESTRICT values, std::size_t size, std::byte* HWY_RESTRICT out) {
  const Words words;
  const std::size_t lanes = hn::Lanes(words);
  const auto unsigned_part = hn::Set(words, 0x7fffffffU), infinity = hn::Set(words, 0x7f800000U);
  const auto almost_half = hn::Set(words, 0x7fffU), one = hn::Set(words, 1U), quiet = hn::Set(words, 0x40U);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto bits = hn::BitCast(words, hn::LoadU(Floats(), values + i));
    const auto high = hn::ShiftRight<16>(bits);
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(almost_half, hn::And(high, one))));
    const auto is_nan = hn::Gt(hn::And(bits, unsigned_part), infinity);
    const auto kept = hn::IfThenElse(is_nan, hn::Or(high, quiet), rounded);
    hn::StoreU(hn::TruncateTo(Halves(), kept), Halves(), reinterpret_cast<std::uint16_t*>(out + 2 * i));
  }
  return i;
}

std::size_t decode_bf16_vectors(const std::byte* HWY_RESTRICT bytes, std::size_t size, float* HWY_RESTRICT out) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(Bf16::load(bytes + 2 * i), d, out + i);
  return i;
}

template <class Format>
std::size_t scale(const std::byte* HWY_RESTRICT bytes, std::size_t size, float weight, float* HWY_RESTRICT sum) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, weight);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(hn::Mul(factor, Format::load(bytes + Format::kBytes * i)), d, sum + i);
  return i;
}

template <class Format>
std::size_t add_scaled(const std::byte* HWY_RESTRICT bytes, std::size_t size, float weight, float* HWY_RESTRICT sum) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, weight);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto product = hn::Mul(factor, Format::load(bytes + Format::kBytes * i));
    hn::StoreU(hn::Add(hn::LoadU(d, sum + i), product), d, sum + i);
  }
  return i;
}

std::size_t scale_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return scale<F32>(bytes, size, weight, sum);
}
std::size_t add_scaled_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return add_scaled<F32>(bytes, size, weight, sum);
}
std::size_t scale_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return scale<Bf16>(bytes, size, weight, sum);
}
std::size_t add_scaled_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return add_scaled<Bf16>(bytes, size, weight, sum);
}

}  // namespace intertie::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intertie::codec {

HWY_EXPORT(encode_bf16_vectors);
HWY_EXPORT(decode_bf16_vectors);
HWY_EXPORT(scale_f32_vectors);
HWY_EXPORT(add_scaled_f32_vectors);
HWY_EXPORT(scale_bf16_vectors);
HWY_EXPORT(add_scaled_bf16_vectors);

std::size_t encode_bf16_vectors(const float* values, std::size_t size, std::byte* out) {
  return HWY_DYNAMIC_DISPATCH(encode_bf16_vectors)(values, size, out);
}
std::size_t decode_bf16_vectors(const std::byte* bytes, std::size_t size, float* out) {
  return HWY_DYNAMIC_DISPATCH(decode_bf16_vectors)(bytes, size, out);
}
std::size_t scale_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return HWY_DYNAMIC_DISPATCH(scale_f32_vectors)(bytes, size, weight, sum);
}
std::size_t add_scaled_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return HWY_DYNAMIC_DISPATCH(add_scaled_f32_vectors)(bytes, size, weight, sum);
}
std::size_t scale_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return HWY_DYNAMIC_DISPATCH(scale_bf16_vectors)(bytes, size, weight, sum);
}
std::size_t add_scaled_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum) {
  return HWY_DYNAMIC_DISPATCH(add_scaled_bf16_vectors)(bytes, size, weight, sum);
}

}  // namespace intertie::codec
#endif
