// UTF-8: one code point at a time, strictly (no overlong forms, no surrogates). Used by the tokenizer by characters,
// and by what shows text on a terminal. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intertie {

// The code point at the start of `text`, which is shortened by it. Nothing, and `text` as it was, if that is not UTF-8 or
// empty.
std::optional<char32_t> take_code_point(std::string_view& text);
// Position of the first byte that does not belong to UTF-8 text; nothing if all do.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);
void append_code_point(std::string& text, char32_t code_point);
// For messages: 'x' (U+0078).
std::string describe_code_point(char32_t code_point);

}  // namespace intertie
