// Probe: how fast the links between the sites of a run are, found out in a few seconds at its start. First everybody sends to
// everybody, which shows what access lines carry together; then pairs of sites, each with nobody else at its two ends, send to
// each other both ways, which shows what a link carries alone. As many pairs as can take a turn at once. The traffic is padding
// on the merge streams, so it goes at whatever the streams of a merge reach. Rates are of what the other site's system has
// acknowledged in the best second of a climb to what the line carries (climb.h); in a shorter time acknowledgements that were
// queued on their way would count for much. At the receiver it could not be told: there what comes after a lost packet comes in
// one lump with it.
//
//   probe.begin(order, [&](wire::ProbeReport report) { ... });   // at every site, soon after one another
//
// Owner thread: the loop. The mesh outlives it.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/links/climb.h"
#include "intertie/links/mesh.h"
#include "intertie/wire/probes.h"

namespace intertie::links {

// Who sends to whom in each slot after the first: every pair once, no site in two pairs of a slot (the circle method of
// round-robin tournaments). N - 1 slots, N where that is odd. Pure.
using Pairs = std::vector<std::pair<SiteId, SiteId>>;
std::vector<Pairs> probe_slots(std::uint16_t num_sites);

// The highest rate over a stretch of `window` between two of the samples, which are in order of time; 0 where they span less.
// Pure.
BitRate best_rate(const std::vector<Delivered>& samples, Duration window);
// The rates of the stretches of `window`, one after another from the first sample on, that the samples span. Pure.
std::vector<double> rates_of_stretches(const std::vector<Delivered>& samples, Duration window);

class Probe {
 public:
  static constexpr Duration kStretch = std::chrono::milliseconds(100);
  static constexpr Duration kWindow = std::chrono::seconds(1);
  static constexpr Duration kSampleEvery = std::chrono::milliseconds(10);
  // Long enough to climb to 10 Gbit/s, and to stay there.
  static wire::ProbeOrder order_for(Duration longest_round_trip);
  // Longer ones are refused (by whoever takes the order): a probe is no way to keep links busy.
  static bool is_sane(const wire::ProbeOrder& order);

  Probe(env::Loop& loop, Mesh& mesh, SiteId self, std::uint16_t num_sites);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  void begin(const wire::ProbeOrder& order, std::function<void(wire::ProbeReport)> done);
  bool begun() const { return done_ != nullptr; }
  // From the order to the report.
  static Duration takes(const wire::ProbeOrder& order, std::uint16_t num_sites);

 private:
  void begin_slot();
  void end_slot();
  void sample();
  void climb();
  Link::Turn turn() const { return slot_ == 0 ? Link::Turn::first : Link::Turn::second; }
  void note_rates();
  std::vector<SiteId> partners(std::size_t slot) const;  // whom this site sends to

  env::Loop& loop_;
  Mesh& mesh_;
  SiteId self_;
  std::uint16_t num_sites_;
  std::vector<Pairs> slots_;
  wire::ProbeOrder order_;
  std::function<void(wire::ProbeReport)> done_;
  env::TimePoint began_{};
  std::size_t slot_ = 0;                         // 0: everybody
  std::vector<std::vector<Delivered>> samples_;  // of this slot, by site
  std::map<SiteId, Climb> climbs_;               // of this slot, while it is filled
  wire::ProbeReport report_;
  env::TimerId timer_, sample_timer_;
};

}  // namespace intertie::links
