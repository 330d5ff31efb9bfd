#include "intertie/env/real/real_worker.h"

namespace intertie::env::real {

RealWorker::RealWorker(Loop& loop) : loop_(loop), thread_([this] { work_until_closed(); }) {}

RealWorker::~RealWorker() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void RealWorker::run(std::function<void()> work, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(work), std::move(done)});
  }
  changed_.notify_one();
}

void RealWorker::work_until_closed() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.work();
    job.work = nullptr;  // what it captured is let go of before `done` can run
    loop_.post(std::move(job.done));
    lock.lock();
  }
}

}  // namespace intertie::env::real
