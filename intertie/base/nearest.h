// The nearest of some names to one that was mistyped, for messages: `did you mean "every"?`. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intertie {

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other. Cost: sizes multiplied; both are
// cut to 64 characters first.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The first of the nearest; empty when none is near enough to be what was meant (a third of its length, at least 2).
std::string nearest(std::string_view name, const std::vector<std::string>& names);

}  // namespace intertie
