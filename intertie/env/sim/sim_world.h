// SimWorld: several sites on virtual time in one thread, with links, a seed and faults. Same seed and same calls: the same
// events in the same order, byte for byte (compare trace()).
//
//   SimWorld world({.seed = 7, .link = {BitRate{100e6}, 20ms}});
//   SimSite& ashburn = world.start("ashburn");          // ashburn.loop(), ashburn.network(), ashburn.worker()
//   world.run_until([&] { return finished; }, 10min);
//
// A site's address may be anything: the network knows who listens where, by the address given to listen(). Connections that are
// bound to an address have lines of their own, from "ashburn@10.1.0.1" to "columbus@10.1.0.2" (the host that they dial), which
// can be set, cut and mended by these names; cut("ashburn", "columbus") cuts all lines between the two.
// Owner thread: the only one. Outlives everything that was made from its sites.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intertie/env/sim/sim_site.h"

namespace intertie::env::sim {

struct SimOptions {
  std::uint64_t seed = 1;
  LinkProfile link{BitRate{100e6}, std::chrono::milliseconds(20)};  // of every pair without one of its own
  bool split_deliveries = true;                                     // hand bytes over in pieces of random size
  std::function<Duration(const std::string& site)> work_time = {};  // of a Worker's next work; empty: none
};

class SimWorld {
 public:
  explicit SimWorld(SimOptions options = {});
  ~SimWorld() { events_.clear(); }  // events may own connections, which need the fabric
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // Begins a life of a site; there is none of this name alive.
  SimSite& start(const std::string& name);
  // The process of the site dies: its connections are reset, and nothing that it scheduled runs any more.
  void kill(const std::string& name);
  // Its process stands still for so long.
  void pause(const std::string& name, Duration time);

  // One direction; both before the pair has connections.
  void set_link(const std::string& from, const std::string& to, LinkProfile profile) { fabric_.set_link(from, to, profile); }
  // A silent black hole, one way or both; bytes wait, connections stay, and nobody is told.
  void cut_one_way(const std::string& from, const std::string& to) { fabric_.cut(from, to); }
  void cut(const std::string& a, const std::string& b);
  // Ends cuts of both directions: what was in flight arrives as if sent again.
  void mend(const std::string& a, const std::string& b);
  // Every connection between the two breaks: both ends hear closed(retry), bytes in flight are lost. Returns how many.
  std::size_t break_connections(const std::string& a, const std::string& b) { return fabric_.break_connections(a, b); }

  // Runs events until `done` (looked at after each event) or until `limit` of virtual time has passed; true if done.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration time);

  TimePoint now() const { return events_.now(); }
  // Calls `fault` at a time of the test's choice, outside any site.
  void at(TimePoint when, std::function<void()> fault) { events_.at(when, nullptr, std::move(fault)); }
  // An independent random sequence of this seed, for the test's own choices.
  Random random(std::uint64_t purpose) const { return Random(options_.seed).fork(purpose); }
  std::uint64_t trace() const { return events_.trace(); }
  std::uint64_t events_run() const { return events_.events_run(); }

 private:
  SimOptions options_;
  EventQueue events_;
  Fabric fabric_;
  std::vector<std::unique_ptr<SimSite>> sites_;  // every life; dead ones stay for those who still refer to them
};

}  // namespace intertie::env::sim
