// Climb: how fast a link is filled while it is probed. The pace rises by steps, stage after stage, until less is delivered than
// was paced: that much is what the line carries, seen while its queue fills. It falls below that, so that the queue drains
// again, and climbs anew, in steps that begin small. No step is so large that a queue of some tens of milliseconds overflows in
// one stage: what loses much at once is slow for seconds afterwards (RFC 9438), and would be measured instead of the line.
//
//   Climb climb(now, link.round_trip());
//   if (climb.note({loop.now(), link.delivered()})) link.fill(climb.pace());   // every few milliseconds
//
// Sans-I/O; owner thread: the caller's.
#pragma once

#include <optional>

#include "intertie/base/units.h"
#include "intertie/env/clock.h"
#include "intertie/links/delivered.h"

namespace intertie::links {

class Climb {
 public:
  static constexpr BitRate kLeast{1e5};
  // How long a climb to `rate` takes, where it meets nothing on its way.
  static Duration takes(Duration round_trip, BitRate rate);

  Climb(env::TimePoint now, Duration round_trip);

  BitRate pace() const { return pace_; }
  // True: the pace is another one from now on.
  bool note(const Delivered& delivered);

 private:
  BitRate next(BitRate rate, BitRate doubt);

  Duration round_trip_;
  env::TimePoint began_;              // of the stage
  std::optional<Delivered> arrives_;  // when what was paced in this stage is acknowledged
  BitRate pace_;
  double step_;  // up, as a share of the pace, after a stage that was carried
};

}  // namespace intertie::links
