// How deep TOML is nested, found before the TOML library sees it: that one recurses over the parts of a dotted key without a
// limit. Used by run_file_tree.cpp. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace intertie::site {

inline constexpr int kDeepestNesting = 32;  // parts of a key, and lists and tables within each other

struct TooDeep {
  std::size_t line = 0;  // from 1
  const char* what = "";
};

// The first place of `text` that is nested too deep. What precedes it need not be valid; what follows an error of syntax is not
// judged with care.
std::optional<TooDeep> find_too_deep(std::string_view text);

}  // namespace intertie::site
