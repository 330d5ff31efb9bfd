// How the elements of a contribution or result are represented on the wire. fp4, int8 and sparse take their places here
// when the codecs that implement them exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace intertie {

enum class Encoding : std::uint8_t { f32 = 0, bf16 = 1 };

inline bool is_known(Encoding e) { return e <= Encoding::bf16; }

const char* to_string(Encoding encoding);
std::optional<Encoding> encoding_from(std::string_view name);

}  // namespace intertie
