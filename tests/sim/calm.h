// Calm: once everything is whole and nothing is to come, merges follow each other at a pace, whoever is no member becomes one,
// and the members change only for those who come and go as people want. Looked at while a workload comes to its end. Borrows
// world and strikes.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/strikes.h"

namespace intertie::tests {

class Calm {
 public:
  // `slowest`: of the lines.
  Calm(ToyWorld& world, const Strikes& strikes, env::LinkProfile slowest);

  // After any event of the world. What is wrong; empty: nothing.
  std::string look();
  // After an event of a site.
  std::string look_at(const RecordedEvent& recorded) const;

 private:
  bool has_begun() const { return world_.world().now() > strikes_.quiet_from(); }
  std::string look_for_merges();
  std::string look_for_those_who_come();
  bool something_is_due();
  std::size_t num_ended() const;

  ToyWorld& world_;
  const Strikes& strikes_;
  Duration bound_;
  std::size_t num_steps_ = 0;                // commits and ends
  std::vector<env::TimePoint> waits_since_;  // by site, to become a member
  env::TimePoint last_;                      // of these, or of a reason for none
};

}  // namespace intertie::tests
