// RealWorker: the Worker of a real process: one thread that does work in order. `done` runs on the loop.
// Owner thread: the loop. Its destructor finishes all queued work first; the loop outlives it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "intertie/env/loop.h"

namespace intertie::env::real {

class RealWorker final : public Worker {
 public:
  explicit RealWorker(Loop& loop);
  ~RealWorker() override;
  RealWorker(const RealWorker&) = delete;
  RealWorker& operator=(const RealWorker&) = delete;
  void run(std::function<void()> work, std::function<void()> done) override;

 private:
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
  };
  void work_until_closed();

  Loop& loop_;
  // Between two threads, which wait for each other: the loop adds jobs, the worker's thread takes them.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // guarded by mutex_
  bool closed_ = false;   // guarded by mutex_
  std::thread thread_;
};

}  // namespace intertie::env::real
