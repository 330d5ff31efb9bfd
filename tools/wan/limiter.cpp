#include "tools/wan/limiter.h"

#include <algorithm>
#include <cmath>

namespace intertie::wan {

Limiter::Passed Limiter::pass(const Packets& packets, Time now) {
  if (rate.bits_per_second <= 0) return {packets.count, now};
  const auto left = queue - std::max(Duration(0), free_at_ - now);
  if (left < Duration(0)) return {0, now};
  const double full = static_cast<double>(packets.full() + kWireOverhead) * 8e9 / rate.bits_per_second;
  const double fit = static_cast<double>(left.count()) / full + 1;
  const std::size_t number = fit >= static_cast<double>(packets.count) ? packets.count : static_cast<std::size_t>(fit);
  free_at_ = std::max(free_at_, now) + time_of(packets, number);
  return {number, free_at_};
}

Duration Limiter::time_of(const Packets& packets, std::size_t number) const {
  if (rate.bits_per_second <= 0) return Duration(0);
  return Duration(std::llround(static_cast<double>(packets.on_wire(number)) * 8e9 / rate.bits_per_second));
}

void Loss::set(double share) {
  share_ = share;
  draw();
}

std::size_t Loss::through(std::size_t packets) {
  if (share_ <= 0) return packets;
  if (gap_ >= packets) {
    gap_ -= packets;
    return packets;
  }
  const auto before = static_cast<std::size_t>(gap_);
  draw();
  return before;
}

// The number of packets between two losses has a geometric distribution.
void Loss::draw() {
  if (share_ <= 0) return;
  const double gap = std::floor(std::log(1 - random_.uniform()) / std::log1p(-share_));
  gap_ = static_cast<std::uint64_t>(std::min(gap, 1e18));
}

}  // namespace intertie::wan
