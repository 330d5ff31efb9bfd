// Weights of the contributions of a merge: from integer tokens, once; they travel as bits (docs/protocol.md rule 6). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace intertie::outer {

// weight[i] = float(double(tokens[i]) / double(sum of tokens)); tokens of at least one contribution > 0. A single
// contribution has weight exactly 1.
std::vector<float> weights(std::span<const std::uint64_t> tokens);

}  // namespace intertie::outer
