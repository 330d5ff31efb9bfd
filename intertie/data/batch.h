// A batch of token sequences. Value; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace intertie::data {

// Row-major [sequences][length + 1]: inputs are the first `length` tokens of a row, targets the last `length`.
struct Batch {
  int sequences = 0;
  int length = 0;
  std::vector<std::uint16_t> tokens;
};

}  // namespace intertie::data
