#include "intertie/env/link_model.h"

namespace intertie::env {

LinkModel::Passage LinkModel::pass(Bytes bytes, TimePoint now) {
  if (now > free_at_) {
    busy_since_ = now;
    busy_bytes_ = Bytes{};
  }
  busy_bytes_.value += bytes.value;
  const bool limited = profile_.rate.bits_per_second > 0;
  free_at_ = busy_since_ + (limited ? transfer_time(busy_bytes_, profile_.rate) : Duration{0});
  return {free_at_, free_at_ + profile_.delay};
}

}  // namespace intertie::env
