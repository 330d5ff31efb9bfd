// Signals: SIGINT and SIGTERM, and more that are asked for, as events of the loop. While one of these exists the signals do not
// end the process.
// Owner thread: the loop, or before it runs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "intertie/env/real/real_loop.h"

namespace intertie::env::real {

class Signals {
 public:
  // `received` is called on the loop, each time, with the signal's number.
  Signals(RealLoop& loop, std::function<void(int)> received, const std::vector<int>& more = {});
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// From its destruction on, the process takes no notice of these signals: one that has done its work and only clears up keeps
// its exit code. Outlives the loop, whose end makes them deadly again.
class SignalsIgnoredAtEnd {
 public:
  SignalsIgnoredAtEnd() = default;
  ~SignalsIgnoredAtEnd();
  SignalsIgnoredAtEnd(const SignalsIgnoredAtEnd&) = delete;
  SignalsIgnoredAtEnd& operator=(const SignalsIgnoredAtEnd&) = delete;
};

}  // namespace intertie::env::real
