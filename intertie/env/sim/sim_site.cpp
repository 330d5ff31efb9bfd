#include "intertie/env/sim/sim_site.h"

#include <algorithm>

namespace intertie::env::sim {

// Wall-clock time starts on 1 January 2026.
std::chrono::system_clock::time_point SimLoop::wall() const {
  using namespace std::chrono;
  constexpr sys_days kFirstDay = year{2026} / 1 / 1;
  return system_clock::time_point(duration_cast<system_clock::duration>(kFirstDay.time_since_epoch())) +
         duration_cast<system_clock::duration>(now().time_since_epoch());
}

void SimWorker::run(std::function<void()> work, std::function<void()> done) {
  if (life_->over) return;
  busy_until_ = std::max(busy_until_, events_.now()) + (work_time_ ? work_time_(life_->site) : Duration{0});
  work();  // what it posts comes before `done`, as with a real worker
  events_.at(busy_until_, life_, std::move(done));
}

}  // namespace intertie::env::sim
