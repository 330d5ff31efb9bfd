#include "intertie/codec/groups.h"

namespace intertie::codec {
namespace {

std::uint32_t unsigned_bits(float value) { return std::bit_cast<std::uint32_t>(value) & kUnsignedBits; }

// Ties to even, whatever the rounding mode. |value| < 2^23.
int nearest_whole(float value) {
  const int whole = static_cast<int>(value);  // towards zero
  const float rest = value - static_cast<float>(whole);
  const bool away = rest > 0.5F || rest < -0.5F || ((rest == 0.5F || rest == -0.5F) && whole % 2 != 0);
  return away ? whole + (rest > 0 ? 1 : -1) : whole;
}

std::byte int8_code(float value, float unit) {
  return static_cast<std::byte>(std::clamp(nearest_whole(value / unit), -127, 127));
}

// How many of the midpoints between the magnitudes 0, top/64, top/32 ... top are not above the value: ties go up.
std::uint8_t fp4_magnitude(float value, float top) {
  const float magnitude = std::bit_cast<float>(unsigned_bits(value));
  std::uint8_t code = magnitude >= top / 128 ? 1 : 0;
  for (float midpoint = 0.75F * top; midpoint > 0.75F * top / 64; midpoint /= 2) code += magnitude >= midpoint ? 1 : 0;
  return code;
}

std::uint8_t fp4_code(float value, float top) {
  const std::uint8_t sign = std::bit_cast<std::uint32_t>(value) >> 31U != 0 ? 8 : 0;
  return sign | fp4_magnitude(value, top);
}

float fp4_value(std::uint8_t code, float top) {
  const int magnitude = code & 7;
  const float share = magnitude == 0 ? 0 : static_cast<float>(1 << magnitude) / 128;
  return ((code & 8) != 0 ? -share : share) * top;
}

// Element i of a group shares its byte with the one half a group on, so that neither side has to interleave.
void encode_fp4_codes(std::span<const float> values, float top, std::span<std::byte> codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t other = i + codes.size();
    const int high = other < values.size() ? fp4_code(values[other], top) : 0;
    codes[i] = static_cast<std::byte>(fp4_code(values[i], top) | high << 4);
  }
}

}  // namespace

std::byte encode_group(Encoding encoding, std::span<const float> values, std::span<std::byte> codes) {
  std::uint32_t most = 0;
  for (const float value : values) most = std::max(most, unsigned_bits(value));
  const std::uint8_t scale = encoding == Encoding::int8 ? int8_scale(most) : fp4_scale(most);
  if (scale == kScaleOfNan) {
    std::fill(codes.begin(), codes.end(), std::byte{0});
  } else if (encoding == Encoding::int8) {
    for (std::size_t i = 0; i < values.size(); ++i) codes[i] = int8_code(values[i], value_of_scale(scale));
  } else {
    encode_fp4_codes(values, value_of_scale(scale), codes);
  }
  return static_cast<std::byte>(scale);
}

void decode_group(Encoding encoding, std::byte scale, std::span<const std::byte> codes, std::span<float> out) {
  const float value = value_of_scale(static_cast<std::uint8_t>(scale));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (encoding == Encoding::int8) {
      out[i] = static_cast<float>(static_cast<std::int8_t>(codes[i])) * value;
    } else {
      const auto both = static_cast<std::uint8_t>(codes[i % codes.size()]);
      out[i] = fp4_value(i < codes.size() ? both & 15U : both >> 4U, value);
    }
  }
}

}  // namespace intertie::codec
