// Strikes: what bad luck and people do to a ToyWorld - deaths, cuts, breaks, machines that stand still, leaves, stops - each
// with what undoes it later. For the workloads of `sim`. Borrows world and random numbers; same calls, same draws.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "tests/sim/toy_world.h"

namespace intertie::tests {

class Strikes {
 public:
  Strikes(ToyWorld& world, env::Random& random);
  Strikes(const Strikes&) = delete;
  Strikes& operator=(const Strikes&) = delete;

  // One that the dice choose.
  void one();

  std::size_t any() { return random_.below(world_.num_sites()); }
  std::size_t another_than(std::size_t site) { return (site + 1 + random_.below(world_.num_sites() - 1)) % world_.num_sites(); }
  // The process dies, and comes back after a while.
  void kill(std::size_t site);
  void cut(std::size_t a, std::size_t b);
  // One path of any link.
  void cut_path(std::size_t path);
  // Every line of the site is cut.
  void isolate(std::size_t site);
  // Every connection of the site breaks.
  void break_all(std::size_t site);
  // The machine stands still: 0.3 to 30 s.
  void pause(std::size_t site);
  // A person at the site asks for it.
  void leave(std::size_t site);
  void stop(std::size_t site);
  void later(Duration after, std::function<void()> what);

  // All lines are whole, and whoever died is back. What was to happen later still does, until quiet_from().
  void heal();
  // The run is over: nobody comes back any more.
  void end() { ended_ = true; }

  bool is_down(std::size_t site) const { return down_[site]; }
  // When the last of what is known to come will have happened.
  env::TimePoint quiet_from() const { return quiet_from_; }
  // At this start of it: to leave, or to stop the run.
  bool asked_to_end(std::size_t site) const { return asked_to_end_.contains(site); }
  bool asked_to_leave(std::size_t site) const { return asked_to_leave_.contains(site); }
  // Since all were started. Whoever holds the store, or is the last member, stops the run where it is asked to leave.
  bool asked_to_stop() const { return asked_to_stop_; }
  // A merge was committed since all were started.
  bool run_has_begun() const { return world_.commits().size() > num_commits_before_; }
  // A person starts the site, or all of them.
  void start(std::size_t site);
  void start_all();

 private:
  Duration a_while() { return Duration(std::chrono::milliseconds(200 + random_.below(random_.below(3) == 0 ? 60000 : 6000))); }
  void bring_back(std::size_t site);
  void come_back(std::size_t site);
  bool is_last_member(std::size_t site);
  void mend_later(std::size_t a, std::size_t b);

  ToyWorld& world_;
  env::Random& random_;
  std::vector<bool> down_;
  std::set<std::size_t> asked_to_end_;
  std::set<std::size_t> asked_to_leave_;  // of these
  bool asked_to_stop_ = false;
  std::size_t num_commits_before_ = 0;
  env::TimePoint quiet_from_{};
  bool ended_ = false;
};

}  // namespace intertie::tests
