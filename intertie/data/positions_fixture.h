// For the tests of this folder: tokens that tell where they stand.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "intertie/data/tokens.h"

namespace intertie::data {

// Token i is i, so a sample's first token is where it starts.
inline Tokens positions(std::size_t count) {
  std::vector<std::uint16_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), std::uint16_t{0});
  return Tokens::own(std::move(tokens));
}

}  // namespace intertie::data
