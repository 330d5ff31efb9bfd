#include "intertie/outer/weights.h"

#include "intertie/base/check.h"

namespace intertie::outer {

std::vector<float> weights(std::span<const std::uint64_t> tokens) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : tokens) {
    INTERTIE_CHECK_LE(count, UINT64_MAX - sum);
    sum += count;
  }
  INTERTIE_CHECK_LT(0U, sum);
  std::vector<float> result;
  result.reserve(tokens.size());
  for (const std::uint64_t count : tokens) {
    result.push_back(static_cast<float>(static_cast<double>(count) / static_cast<double>(sum)));
  }
  return result;
}

}  // namespace intertie::outer
