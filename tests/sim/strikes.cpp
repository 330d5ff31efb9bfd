#include "tests/sim/strikes.h"

#include <algorithm>

namespace intertie::tests {

Strikes::Strikes(ToyWorld& world, env::Random& random) : world_(world), random_(random), down_(world.num_sites()) {}

void Strikes::one() {
  const std::size_t a = any();
  const std::size_t b = another_than(a);
  const std::uint64_t dice = random_.below(100);
  if (dice < 22) return kill(a);
  if (dice < 30) return kill(0);
  if (dice < 50) return cut(a, b);
  if (dice < 63) return world_.world().cut_one_way(world_.name(a), world_.name(b)), mend_later(a, b);
  if (dice < 74) return isolate(a);
  if (dice < 83) {
    world_.world().break_connections(world_.name(a), world_.name(b));
    return;
  }
  if (dice < 91) return leave(a);
  if (dice < 96) return stop(a);
  for (std::size_t i = 0; i < world_.num_sites(); ++i) kill(i);
}

void Strikes::later(Duration after, std::function<void()> what) {
  const env::TimePoint when = world_.world().now() + after;
  quiet_from_ = std::max(quiet_from_, when);
  world_.world().at(when, std::move(what));
}

// ---- deaths ----

void Strikes::kill(std::size_t site) {
  if (down_[site]) return;
  world_.kill(site);
  down_[site] = true;
  later(a_while(), [this, site] { bring_back(site); });
}

void Strikes::bring_back(std::size_t site) {
  if (!down_[site] || ended_) return;
  down_[site] = false;
  start(site);
}

void Strikes::start(std::size_t site) {
  asked_to_end_.erase(site);
  asked_to_leave_.erase(site);
  quiet_from_ = std::max(quiet_from_, world_.world().now());
  world_.start(site, true);
}

void Strikes::start_all() {
  asked_to_end_.clear();
  asked_to_leave_.clear();
  asked_to_stop_ = false;
  num_commits_before_ = world_.commits().size();
  quiet_from_ = std::max(quiet_from_, world_.world().now());
  world_.kill_all();
  world_.start_all(true);
}

void Strikes::pause(std::size_t site) {
  if (down_[site]) return;
  const std::uint64_t ms = random_.below(3) == 0 ? 300 + random_.below(29700) : 300 + random_.below(5000);
  const Duration time = std::chrono::milliseconds(ms);
  world_.world().pause(world_.name(site), time);
  quiet_from_ = std::max(quiet_from_, world_.world().now() + time);
}

// ---- lines ----

void Strikes::cut(std::size_t a, std::size_t b) {
  world_.world().cut(world_.name(a), world_.name(b));
  mend_later(a, b);
}

void Strikes::mend_later(std::size_t a, std::size_t b) {
  later(a_while(), [this, a, b] { world_.world().mend(world_.name(a), world_.name(b)); });
}

void Strikes::cut_path(std::size_t path) {
  const std::size_t one = any(), another = another_than(one);
  const std::string a = world_.end_of_path(one, path), b = world_.end_of_path(another, path);
  world_.world().cut(a, b);
  later(a_while(), [this, a, b] { world_.world().mend(a, b); });
}

void Strikes::isolate(std::size_t site) {
  const Duration time = a_while();
  for (std::size_t other = 0; other < world_.num_sites(); ++other) {
    if (other == site) continue;
    world_.world().cut(world_.name(site), world_.name(other));
    later(time, [this, site, other] { world_.world().mend(world_.name(site), world_.name(other)); });
  }
}

void Strikes::break_all(std::size_t site) {
  for (std::size_t other = 0; other < world_.num_sites(); ++other) {
    if (other != site) world_.world().break_connections(world_.name(site), world_.name(other));
  }
}

// ---- people ----

bool Strikes::is_last_member(std::size_t site) {
  const sync::SiteState* state = world_.run(site)->state();
  return state && state->member.is_member() && state->member.view()->members.size() == 1;
}

// Some of those who leave die on their way out, and some come back.
void Strikes::leave(std::size_t site) {
  if (down_[site] || !world_.run(site)) return;
  asked_to_end_.insert(site);
  asked_to_leave_.insert(site);
  asked_to_stop_ = asked_to_stop_ || site == 0 || is_last_member(site);
  world_.run(site)->request_leave("the workload");
  if (random_.below(2) == 0) later(Duration(std::chrono::milliseconds(random_.below(1500))), [this, site] { kill(site); });
  if (random_.below(2) == 0) later(a_while(), [this, site] { come_back(site); });
}

void Strikes::come_back(std::size_t site) {
  if (!down_[site] && !ended_ && world_.outcome(site)) start(site);
}

// Some find out too late that the store's holder is gone.
void Strikes::stop(std::size_t site) {
  if (down_[site] || !world_.run(site)) return;
  asked_to_end_.insert(site);
  asked_to_stop_ = true;
  world_.run(site)->request_stop("the workload");
  if (random_.below(2) == 0) later(Duration(std::chrono::milliseconds(random_.below(1500))), [this] { kill(0); });
}

void Strikes::heal() {
  for (std::size_t a = 0; a < world_.num_sites(); ++a) {
    for (std::size_t b = a + 1; b < world_.num_sites(); ++b) {
      world_.world().mend(world_.name(a), world_.name(b));
      for (std::size_t path = 0; path < world_.options().paths; ++path) {
        world_.world().mend(world_.end_of_path(a, path), world_.end_of_path(b, path));
      }
    }
    bring_back(a);
  }
}

}  // namespace intertie::tests
