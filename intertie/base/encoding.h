// How the elements of a contribution or result are represented on the wire (docs/encodings.md). Sparse takes its place here
// when the codec that implements it exists.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace intertie {

enum class Encoding : std::uint8_t { f32 = 0, bf16 = 1, int8 = 2, fp4 = 3 };

// From the widest to the narrowest.
inline constexpr Encoding kEncodings[] = {Encoding::f32, Encoding::bf16, Encoding::int8, Encoding::fp4};

inline bool is_known(Encoding e) { return e <= Encoding::fp4; }

inline bool is_narrower(Encoding a, Encoding than) { return a > than; }

// Of owners' results, where the run file names none: that of the contributions, but no fewer than 8 bits.
inline Encoding usual_result_encoding(Encoding contribution) {
  return is_narrower(contribution, Encoding::int8) ? Encoding::int8 : contribution;
}

const char* to_string(Encoding encoding);
std::optional<Encoding> encoding_from(std::string_view name);

}  // namespace intertie
