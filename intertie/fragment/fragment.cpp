#include "intertie/fragment/fragment.h"

#include "intertie/base/check.h"

// The differences are written so that a difference of equals is subtracted, not added: x - (+0) is x for every x, while
// (-0) + (+0) is +0. Otherwise a - (b - c) equals a + (c - b) bit for bit.

namespace intertie::fragment {

std::vector<Fragment> whole_model(std::uint64_t num_elements) {
  return {Fragment{.id = FragmentId{0}, .range = {.first = 0, .last = num_elements}}};
}

void outer_gradient(std::span<const float> base, std::span<const float> snapshot, std::span<float> out) {
  INTERTIE_CHECK_EQ(base.size(), snapshot.size());
  INTERTIE_CHECK_EQ(base.size(), out.size());
  for (std::size_t i = 0; i < base.size(); ++i) out[i] = base[i] - snapshot[i];
}

void rebase_included(std::span<float> theta, std::span<const float> snapshot, std::span<const float> anchor_after,
                     std::span<float> base) {
  INTERTIE_CHECK_EQ(theta.size(), snapshot.size());
  INTERTIE_CHECK_EQ(theta.size(), anchor_after.size());
  INTERTIE_CHECK_EQ(theta.size(), base.size());
  for (std::size_t i = 0; i < theta.size(); ++i) {
    theta[i] = anchor_after[i] - (snapshot[i] - theta[i]);
    base[i] = anchor_after[i];
  }
}

void rebase_not_included(std::span<float> theta, std::span<float> base, std::span<const float> anchor_before,
                         std::span<const float> anchor_after) {
  INTERTIE_CHECK_EQ(theta.size(), base.size());
  INTERTIE_CHECK_EQ(theta.size(), anchor_before.size());
  INTERTIE_CHECK_EQ(theta.size(), anchor_after.size());
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const float back = anchor_before[i] - anchor_after[i];
    theta[i] = theta[i] - back;
    base[i] = base[i] - back;
  }
}

}  // namespace intertie::fragment
