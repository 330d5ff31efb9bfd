// Loop: the one thread that owns protocol state, and its timers. Real: an Asio io_context. Simulated: virtual time, in which
// events of equal time run in the order in which they were scheduled.
#pragma once

#include <cstdint>
#include <functional>

#include "intertie/env/clock.h"

namespace intertie::env {

struct TimerId {
  std::uint64_t value = 0;  // 0: no timer
};

class Loop : public Clock {
 public:
  // Runs `task` on the loop thread, after what was posted before. Any thread.
  virtual void post(std::function<void()> task) = 0;
  // Runs `task` on the loop thread at `when` (soon, if it has passed). Loop thread.
  virtual TimerId call_at(TimePoint when, std::function<void()> task) = 0;
  TimerId call_after(Duration delay, std::function<void()> task) { return call_at(now() + delay, std::move(task)); }
  // After this returns the task does not run. Unknown or fired timers are fine. Loop thread.
  virtual void cancel(TimerId timer) = 0;
};

// One thread beside the loop for work that takes long (a training step, a checkpoint, a hash over a fragment). Work is
// done in order. Simulated: the work runs at once and `done` after a virtual duration that the simulation decides.
class Worker {
 public:
  virtual ~Worker() = default;
  // Runs `work` on the worker's thread, then `done` on the loop. Loop thread.
  virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace intertie::env
