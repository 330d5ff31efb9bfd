// Waiting: where the one coroutine of a run waits. Everything that may change a condition calls notify(); a failure ends every
// wait at once, so that nothing hangs on a peer that is gone. Owner thread: the loop.
#pragma once

#include <functional>
#include <optional>

#include "intertie/base/result.h"
#include "intertie/env/task.h"

namespace intertie::env {

class Waiting {
 public:
  explicit Waiting(Loop& loop) : loop_(loop), pulse_(loop) {}

  void notify() { pulse_.notify(); }
  // The first failure counts.
  void fail(Error error) {
    if (!failure_) failure_ = std::move(error);
    notify();
  }
  const std::optional<Error>& failure() const { return failure_; }

  // Returns when `condition` holds, or with the failure. `condition` must stay callable meanwhile.
  Task<Result<Done>> until(std::function<bool()> condition) {
    while (!failure_ && !condition()) co_await pulse_.next();
    if (failure_) co_return *failure_;
    co_return Done{};
  }

  // The same, with a deadline after which `late` says what was waited for.
  Task<Result<Done>> until(std::function<bool()> condition, TimePoint deadline, std::function<Error()> late) {
    const TimerId timer = loop_.call_at(deadline, [pulse = pulse_]() mutable { pulse.notify(); });
    while (!failure_ && !condition() && loop_.now() < deadline) co_await pulse_.next();
    loop_.cancel(timer);
    if (failure_) co_return *failure_;
    if (!condition()) co_return late();
    co_return Done{};
  }

  // Returns when `condition` holds or the deadline has passed; failures do not count. For the end of a run.
  Task<Done> at_most_until(TimePoint deadline, std::function<bool()> condition) {
    const TimerId timer = loop_.call_at(deadline, [pulse = pulse_]() mutable { pulse.notify(); });
    while (!condition() && loop_.now() < deadline) co_await pulse_.next();
    loop_.cancel(timer);
    co_return Done{};
  }

 private:
  Loop& loop_;
  Pulse pulse_;
  std::optional<Error> failure_;
};

}  // namespace intertie::env
