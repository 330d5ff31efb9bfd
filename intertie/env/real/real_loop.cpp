#include "intertie/env/real/real_loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <map>

namespace intertie::env::real {

struct RealLoop::State {
  // Declared first, so that it is still there when tasks that io drops cancel their timers.
  std::map<std::uint64_t, std::unique_ptr<asio::steady_timer>> timers;
  std::uint64_t last_timer = 0;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
};

RealLoop::RealLoop() : state_(std::make_unique<State>()) {}

RealLoop::~RealLoop() {
  auto timers = std::move(state_->timers);
  state_->timers.clear();
}

void RealLoop::run() {
  state_->io.restart();
  state_->io.run();
}

void RealLoop::stop() { state_->io.stop(); }

void RealLoop::post(std::function<void()> task) { asio::post(state_->io, std::move(task)); }

TimerId RealLoop::call_at(TimePoint when, std::function<void()> task) {
  const std::uint64_t id = ++state_->last_timer;
  auto& timer = *state_->timers.emplace(id, std::make_unique<asio::steady_timer>(state_->io, when)).first->second;
  // A timer that has expired can no longer be stopped by Asio once its handler is queued; the map decides.
  timer.async_wait([state = state_.get(), id, task = std::move(task)](const std::error_code&) {
    if (state->timers.erase(id) != 0) task();
  });
  return {id};
}

void RealLoop::cancel(TimerId timer) { state_->timers.erase(timer.value); }

asio::io_context& RealLoop::io() { return state_->io; }

}  // namespace intertie::env::real
