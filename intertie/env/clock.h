// Time: real or virtual. Nothing outside env/ asks the operating system for it.
// Owner thread: a Clock may be read from any thread.
#pragma once

#include <chrono>

#include "intertie/base/units.h"

namespace intertie::env {

// Nanoseconds since an arbitrary start that does not change while the process lives (steady).
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  // Wall-clock time, for logs and certificates only; never for a decision of the protocol.
  virtual std::chrono::system_clock::time_point wall() const = 0;
};

}  // namespace intertie::env
