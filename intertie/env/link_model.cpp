#include "intertie/env/link_model.h"

#include <algorithm>

namespace intertie::env {

LinkModel::Passage LinkModel::pass(Bytes bytes, TimePoint now) {
  const TimePoint start = std::max(now, free_at_);
  const Duration sending = profile_.rate.bits_per_second > 0 ? transfer_time(bytes, profile_.rate) : Duration{0};
  free_at_ = start + sending;
  return {free_at_, free_at_ + profile_.delay};
}

}  // namespace intertie::env
