// Limiter: a rate, with a queue in front that drops what comes when it is full. Loss: which packets a line loses at random.
// Values; both act on single packets, also within a frame.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "intertie/base/units.h"
#include "intertie/env/random.h"
#include "tools/wan/frame.h"

namespace intertie::wan {

// What it lets through leaves when its last byte is sent; a packet is dropped that would wait for its first byte longer than
// `queue`. Packets come in the order of their times.
class Limiter {
 public:
  BitRate rate{0};  // 0: no limit
  Duration queue = std::chrono::milliseconds(25);

  struct Passed {
    std::size_t packets = 0;  // the first so many
    Time at;
  };
  Passed pass(const Packets& packets, Time now);
  // That the first `number` of the packets are sent for.
  Duration time_of(const Packets& packets, std::size_t number) const;

 private:
  Time free_at_{};
};

// Each packet is lost with the same probability, whatever befell the others. The gaps between losses are drawn, not each
// packet.
class Loss {
 public:
  Loss() = default;
  Loss(double share, env::Random random) : share_(share), random_(random) { draw(); }
  double share() const { return share_; }
  void set(double share);  // 0 to 1

  // How many of the next `packets` get through before one is lost, which is then done with; `packets`: all.
  std::size_t through(std::size_t packets);

 private:
  void draw();

  double share_ = 0;
  env::Random random_{0};
  std::uint64_t gap_ = 0;
};

}  // namespace intertie::wan
