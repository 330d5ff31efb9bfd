// RealLoop: the Loop of a real process, on an Asio io_context. The owner starts the thread and calls run() on it; that thread
// is the loop thread. post(), now(), wall() and stop() may be called from any thread, the rest on the loop thread or before
// run().
//
//   RealLoop loop;
//   loop.post([&] { begin(); });
//   loop.run();   // until stop()
#pragma once

#include <memory>

#include "intertie/env/loop.h"

namespace asio {
class io_context;
}

namespace intertie::env::real {

class RealLoop final : public Loop {
 public:
  RealLoop();
  ~RealLoop() override;  // not while run() runs; tasks that have not run are dropped
  RealLoop(const RealLoop&) = delete;
  RealLoop& operator=(const RealLoop&) = delete;

  void run();
  void stop();

  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  std::chrono::system_clock::time_point wall() const override { return std::chrono::system_clock::now(); }
  void post(std::function<void()> task) override;
  TimerId call_at(TimePoint when, std::function<void()> task) override;
  void cancel(TimerId timer) override;

  asio::io_context& io();  // for the network of this folder

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intertie::env::real
