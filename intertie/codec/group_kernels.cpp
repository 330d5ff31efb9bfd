#include "intertie/codec/group_kernels.h"

#include <cstdint>
#include <cstring>

#include "intertie/codec/groups.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "intertie/codec/group_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Scales are powers of two, so every product here is exact, or too small to be anything but zero; the one rounding is that of
// an integer add or of a float add near 1.5 * 2^23, which every processor does alike.

HWY_BEFORE_NAMESPACE();
namespace intertie::codec::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Vectors of half a group at most, whole ones of which make half a group.
using GroupFloats = hn::CappedTag<float, kGroupElements / 2>;
using GroupInts = hn::RebindToSigned<GroupFloats>;
using GroupWords = hn::RebindToUnsigned<GroupFloats>;
using GroupCodes = hn::Rebind<std::uint8_t, GroupFloats>;
using SignedCodes = hn::Rebind<std::int8_t, GroupFloats>;

// Bits of the largest absolute value of a group.
HWY_INLINE std::uint32_t most_of(const float* HWY_RESTRICT values) {
  const GroupInts d;
  const auto unsigned_part = hn::Set(d, static_cast<std::int32_t>(kUnsignedBits));
  auto most = hn::Zero(d);
  for (std::size_t i = 0; i < kGroupElements; i += hn::Lanes(d)) {
    most = hn::Max(most, hn::And(hn::BitCast(d, hn::LoadU(GroupFloats(), values + i)), unsigned_part));
  }
  return static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(d, most)));
}

template <class Words>
HWY_INLINE void store_codes(const Words& codes, std::byte* out) {
  hn::StoreU(hn::TruncateTo(GroupCodes(), codes), GroupCodes(), reinterpret_cast<std::uint8_t*>(out));
}

HWY_INLINE void encode_int8_group(const float* HWY_RESTRICT values, std::uint8_t scale, std::byte* HWY_RESTRICT codes) {
  const GroupFloats d;
  const auto per_unit = hn::Set(d, value_of_scale(static_cast<std::uint8_t>(254 - scale)));
  const auto most = hn::Set(d, 127.0F), least = hn::Set(d, -127.0F);
  // Added to a small number it leaves no bits for a fraction, and zeros in its own last byte for the whole.
  const auto rounder = hn::Set(d, 0x1.8p23F);
  for (std::size_t i = 0; i < kGroupElements; i += hn::Lanes(d)) {
    const auto units = hn::Mul(hn::LoadU(d, values + i), per_unit);
    const auto rounded = hn::Add(hn::Max(hn::Min(units, most), least), rounder);
    store_codes(hn::BitCast(GroupWords(), rounded), codes + i);
  }
}

// `threshold`: the bits of half the smallest magnitude, 2^-7 of the scale. In steps of a power of two from there, rounded by
// half of the mantissa, a value is as far as its code says; from the threshold on it is at least 1.
template <class Ints>
HWY_INLINE auto fp4_codes(const Ints& bits, const Ints& threshold) {
  const GroupInts d;
  const auto above = hn::Sub(hn::And(bits, hn::Set(d, static_cast<std::int32_t>(kUnsignedBits))), threshold);
  const auto rounded = hn::ShiftRight<23>(hn::Add(above, hn::Set(d, 0x400000)));
  const auto at_least = hn::Add(hn::ShiftRight<31>(above), hn::Set(d, 1));  // 1, or 0 below the threshold
  const auto magnitude = hn::Min(hn::Max(rounded, at_least), hn::Set(d, 7));
  return hn::Or(magnitude, hn::And(hn::ShiftRight<28>(bits), hn::Set(d, 8)));
}

HWY_INLINE void encode_fp4_group(const float* HWY_RESTRICT values, std::uint8_t scale, std::byte* HWY_RESTRICT codes) {
  const GroupInts d;
  const auto threshold = hn::Set(d, (scale - 7) << 23);
  for (std::size_t i = 0; i < kGroupElements / 2; i += hn::Lanes(d)) {
    const auto low = hn::BitCast(d, hn::LoadU(GroupFloats(), values + i));
    const auto high = hn::BitCast(d, hn::LoadU(GroupFloats(), values + i + kGroupElements / 2));
    const auto both = hn::Or(fp4_codes(low, threshold), hn::ShiftLeft<4>(fp4_codes(high, threshold)));
    store_codes(hn::BitCast(GroupWords(), both), codes + i);
  }
}

void encode_int8_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes) {
  for (std::size_t g = 0; g < groups; ++g, values += kGroupElements, codes += kGroupElements) {
    const std::uint8_t scale = int8_scale(most_of(values));
    scales[g] = static_cast<std::byte>(scale);
    if (scale == kScaleOfNan) {
      std::memset(codes, 0, kGroupElements);
    } else {
      encode_int8_group(values, scale, codes);
    }
  }
}

void encode_fp4_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes) {
  for (std::size_t g = 0; g < groups; ++g, values += kGroupElements, codes += kGroupElements / 2) {
    const std::uint8_t scale = fp4_scale(most_of(values));
    scales[g] = static_cast<std::byte>(scale);
    if (scale == kScaleOfNan) {
      std::memset(codes, 0, kGroupElements / 2);
    } else {
      encode_fp4_group(values, scale, codes);
    }
  }
}

// What becomes of decoded elements. Mul then Add, never MulAdd: product and sum are rounded each by itself.
struct Store {
  template <class Vector>
  HWY_INLINE void operator()(const Vector& decoded, float* out) const {
    hn::StoreU(decoded, GroupFloats(), out);
  }
};
struct StoreScaled {
  float weight;
  template <class Vector>
  HWY_INLINE void operator()(const Vector& decoded, float* sum) const {
    hn::StoreU(hn::Mul(hn::Set(GroupFloats(), weight), decoded), GroupFloats(), sum);
  }
};
struct AddScaled {
  float weight;
  template <class Vector>
  HWY_INLINE void operator()(const Vector& decoded, float* sum) const {
    const auto product = hn::Mul(hn::Set(GroupFloats(), weight), decoded);
    hn::StoreU(hn::Add(hn::LoadU(GroupFloats(), sum), product), GroupFloats(), sum);
  }
};

template <class Put>
HWY_INLINE void decode_int8(const EncodedGroups& from, float* HWY_RESTRICT out, const Put& put) {
  const GroupFloats d;
  const std::byte* HWY_RESTRICT codes = from.codes;
  for (std::size_t g = 0; g < from.groups; ++g, codes += kGroupElements, out += kGroupElements) {
    const auto unit = hn::Set(d, value_of_scale(static_cast<std::uint8_t>(from.scales[g])));
    for (std::size_t i = 0; i < kGroupElements; i += hn::Lanes(d)) {
      const auto code = hn::LoadU(SignedCodes(), reinterpret_cast<const std::int8_t*>(codes + i));
      put(hn::Mul(hn::ConvertTo(d, hn::PromoteTo(GroupInts(), code)), unit), out + i);
    }
  }
}

// A code whose sign is bit 31 and whose magnitude begins at bit 30: moved to where a float has its sign and the last bits of
// its exponent, it is 2^-120 of what it stands for, zero included.
template <class Words>
HWY_INLINE auto fp4_shares(const Words& code) {
  const GroupInts d;
  const auto moved = hn::And(hn::ShiftRight<5>(hn::BitCast(d, code)), hn::Set(d, static_cast<std::int32_t>(0x83800000U)));
  return hn::Mul(hn::BitCast(GroupFloats(), moved), hn::Set(GroupFloats(), 0x1p120F));
}

template <class Put>
HWY_INLINE void decode_fp4(const EncodedGroups& from, float* HWY_RESTRICT out, const Put& put) {
  constexpr std::size_t kHalf = kGroupElements / 2;
  const GroupFloats d;
  const std::byte* HWY_RESTRICT codes = from.codes;
  for (std::size_t g = 0; g < from.groups; ++g, codes += kHalf, out += kGroupElements) {
    const auto top = hn::Set(d, value_of_scale(static_cast<std::uint8_t>(from.scales[g])));
    for (std::size_t i = 0; i < kHalf; i += hn::Lanes(d)) {
      const auto both = hn::PromoteTo(GroupWords(), hn::LoadU(GroupCodes(), reinterpret_cast<const std::uint8_t*>(codes + i)));
      put(hn::Mul(fp4_shares(hn::ShiftLeft<28>(both)), top), out + i);
      put(hn::Mul(fp4_shares(hn::ShiftLeft<24>(both)), top), out + i + kHalf);
    }
  }
}

void decode_int8_groups(const EncodedGroups& from, float* out) { decode_int8(from, out, Store()); }
void scale_int8_groups(const EncodedGroups& from, float weight, float* sum) { decode_int8(from, sum, StoreScaled{weight}); }
void add_scaled_int8_groups(const EncodedGroups& from, float weight, float* sum) { decode_int8(from, sum, AddScaled{weight}); }
void decode_fp4_groups(const EncodedGroups& from, float* out) { decode_fp4(from, out, Store()); }
void scale_fp4_groups(const EncodedGroups& from, float weight, float* sum) { decode_fp4(from, sum, StoreScaled{weight}); }
void add_scaled_fp4_groups(const EncodedGroups& from, float weight, float* sum) { decode_fp4(from, sum, AddScaled{weight}); }

}  // namespace intertie::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intertie::codec {

HWY_EXPORT(encode_int8_groups);
HWY_EXPORT(decode_int8_groups);
HWY_EXPORT(scale_int8_groups);
HWY_EXPORT(add_scaled_int8_groups);
HWY_EXPORT(encode_fp4_groups);
HWY_EXPORT(decode_fp4_groups);
HWY_EXPORT(scale_fp4_groups);
HWY_EXPORT(add_scaled_fp4_groups);

void encode_int8_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes) {
  HWY_DYNAMIC_DISPATCH(encode_int8_groups)(values, groups, scales, codes);
}
void decode_int8_groups(const EncodedGroups& from, float* out) { HWY_DYNAMIC_DISPATCH(decode_int8_groups)(from, out); }
void scale_int8_groups(const EncodedGroups& from, float weight, float* sum) {
  HWY_DYNAMIC_DISPATCH(scale_int8_groups)(from, weight, sum);
}
void add_scaled_int8_groups(const EncodedGroups& from, float weight, float* sum) {
  HWY_DYNAMIC_DISPATCH(add_scaled_int8_groups)(from, weight, sum);
}
void encode_fp4_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes) {
  HWY_DYNAMIC_DISPATCH(encode_fp4_groups)(values, groups, scales, codes);
}
void decode_fp4_groups(const EncodedGroups& from, float* out) { HWY_DYNAMIC_DISPATCH(decode_fp4_groups)(from, out); }
void scale_fp4_groups(const EncodedGroups& from, float weight, float* sum) {
  HWY_DYNAMIC_DISPATCH(scale_fp4_groups)(from, weight, sum);
}
void add_scaled_fp4_groups(const EncodedGroups& from, float weight, float* sum) {
  HWY_DYNAMIC_DISPATCH(add_scaled_fp4_groups)(from, weight, sum);
}

}  // namespace intertie::codec
#endif
