// Task<T>: a lazily started coroutine on the loop thread, and Signal<T>: a value that a coroutine can wait for.
//
// Used where actions are performed in order (sync, site): a run reads from top to bottom instead of as callbacks. Decisions
// stay in pure functions and sans-I/O machines. Owner thread of everything here: the loop. Destroying a Task destroys its frame
// and everything in it, which is how work is cancelled; a Signal that outlives its waiter is harmless.
//
//   Task<Result<int>> answer(Signal<int>& signal) { co_return co_await signal.wait(); }
//   Task<Result<int>> task = answer(signal);
//   task.start([](Result<int> value) { ... });
#pragma once

#include <coroutine>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "intertie/base/check.h"
#include "intertie/env/loop.h"

namespace intertie::env {

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> continuation;
    std::function<void(T)> finished;

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct FinalAwaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        promise_type& promise = self.promise();
        if (promise.continuation) return promise.continuation;
        // The callback may destroy this frame, so it is moved out first.
        if (auto finished = std::move(promise.finished)) finished(std::move(*promise.value));
        return std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    void unhandled_exception() noexcept { std::abort(); }  // we throw nowhere
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs until the first wait; `finished` is called once with the result. The Task must stay alive until then.
  void start(std::function<void(T)> finished) {
    handle_.promise().finished = std::move(finished);
    handle_.resume();
  }

  auto operator co_await() && {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        handle.promise().continuation = caller;
        return handle;
      }
      T await_resume() { return std::move(*handle.promise().value); }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// One value, set once, awaited by at most one coroutine at a time. The waiter resumes from the loop, never inside set().
template <class T>
class Signal {
 public:
  explicit Signal(Loop& loop) : state_(std::make_shared<State>(loop)) {}

  bool is_set() const { return state_->value.has_value(); }
  const T& value() const { return *state_->value; }

  // The first value counts; later ones are ignored.
  void set(T value) {
    if (state_->value) return;
    state_->value.emplace(std::move(value));
    if (!state_->waiter) return;
    state_->loop.post([state = state_] {
      if (auto waiter = std::exchange(state->waiter, {})) waiter.resume();
    });
  }

  auto wait() const {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() { return state->value.has_value(); }
      void await_suspend(std::coroutine_handle<> handle) {
        INTERTIE_CHECK(!state->waiter);
        state->waiter = handle;
      }
      T await_resume() { return *state->value; }
      ~Awaiter() { state->waiter = {}; }
    };
    return Awaiter{state_};
  }

 private:
  struct State {
    explicit State(Loop& owner) : loop(owner) {}
    Loop& loop;
    std::optional<T> value;
    std::coroutine_handle<> waiter;
  };
  std::shared_ptr<State> state_;
};

struct Done {};  // the value of signals that carry none

// Wakes one coroutine to look again: `while (!condition) co_await pulse.next();`. The waiter resumes from the loop, never
// inside notify(), and once however often notify() was called.
class Pulse {
 public:
  explicit Pulse(Loop& loop) : state_(std::make_shared<State>(loop)) {}

  void notify() {
    if (!state_->waiter || state_->scheduled) return;
    state_->scheduled = true;
    state_->loop.post([state = state_] {
      state->scheduled = false;
      if (auto waiter = std::exchange(state->waiter, {})) waiter.resume();
    });
  }

  auto next() const {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        INTERTIE_CHECK(!state->waiter);
        state->waiter = handle;
      }
      void await_resume() {}
      ~Awaiter() { state->waiter = {}; }
    };
    return Awaiter{state_};
  }

 private:
  struct State {
    explicit State(Loop& owner) : loop(owner) {}
    Loop& loop;
    std::coroutine_handle<> waiter;
    bool scheduled = false;
  };
  std::shared_ptr<State> state_;
};

// Runs `work` on the worker and waits for it.
inline Task<Done> run_on(Loop& loop, Worker& worker, std::function<void()> work) {
  Signal<Done> finished(loop);
  worker.run(std::move(work), [finished]() mutable { finished.set(Done{}); });
  co_return co_await finished.wait();
}

// Waits until `when`.
inline Task<Done> sleep_until(Loop& loop, TimePoint when) {
  Signal<Done> woken(loop);
  if (when > loop.now()) {
    loop.call_at(when, [woken]() mutable { woken.set(Done{}); });
    co_await woken.wait();
  }
  co_return Done{};
}

}  // namespace intertie::env
