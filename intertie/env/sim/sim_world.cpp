#include "intertie/env/sim/sim_world.h"

#include "intertie/base/check.h"

namespace intertie::env::sim {
namespace {
constexpr std::uint64_t kDeliveries = 1;  // purpose of the fabric's random sequence
}

SimWorld::SimWorld(SimOptions options)
    : options_(std::move(options)),
      fabric_(events_, Random(options_.seed).fork(kDeliveries), options_.link, options_.split_deliveries) {}

SimSite& SimWorld::start(const std::string& name) {
  for (const auto& site : sites_) INTERTIE_CHECK(site->name() != name || !site->alive());
  auto life = std::make_shared<Life>(Life{.site = name, .number = sites_.size() + 1, .over = false});
  return *sites_.emplace_back(std::make_unique<SimSite>(events_, fabric_, std::move(life), options_.work_time));
}

void SimWorld::kill(const std::string& name) {
  for (const auto& site : sites_) {
    if (site->name() != name || !site->alive()) continue;
    site->life_->over = true;
    fabric_.forget_site(*site->life_);
  }
}

void SimWorld::pause(const std::string& name, Duration time) {
  for (const auto& site : sites_) {
    if (site->name() == name && site->alive()) site->life_->paused_until = events_.now() + time;
  }
}

void SimWorld::cut(const std::string& a, const std::string& b) {
  fabric_.cut(a, b);
  fabric_.cut(b, a);
}

void SimWorld::mend(const std::string& a, const std::string& b) {
  fabric_.mend(a, b);
  fabric_.mend(b, a);
}

bool SimWorld::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = events_.now() + limit;
  if (done()) return true;
  while (events_.step(end)) {
    if (done()) return true;
  }
  events_.pass_time_to(end);
  return false;
}

void SimWorld::run_for(Duration time) {
  run_until([] { return false; }, time);
}

}  // namespace intertie::env::sim
