// Hostility: what `sim --hostile` does beside the usual strikes: machines that stand still, all connections of a site that
// break at once, lines and states on which copies take as long as many merges, and faults that wait for their moment: a flush
// begins, a copy of the state begins or has come, a view is entered, an open merge is completed, a checkpoint is on disk.
// Borrows world, strikes and random numbers.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/strikes.h"

namespace intertie::tests {

// The same run, made harder: steps of seconds in some, and in some a large state behind slow lines.
void harden(ToyOptions& options, env::Random& random);

class Hostility {
 public:
  Hostility(ToyWorld& world, Strikes& strikes, env::Random& random);
  Hostility(const Hostility&) = delete;
  Hostility& operator=(const Hostility&) = delete;

  // Before the sites start.
  void begin();
  // One fault that the dice choose, now or armed.
  void strike();
  // Something happened, which may be what an armed fault waits for.
  void note(const RecordedEvent& recorded);
  // What is armed strikes no more.
  void end() { ended_ = true; }

  int num_armed_strikes() const { return num_armed_strikes_; }
  env::LinkProfile slowest_line() const { return slowest_line_; }

 private:
  enum class Moment { flush_begins, join_began, join_finished, view_entered, merge_ordered, checkpoint_written };
  enum class Victim { the_site, any, holder, next };
  struct Armed {
    Moment moment;
    Victim victim;
    Duration after;
  };

  void slow_down_one_line();
  void arm();
  void look_for_flushes();
  void comes(Moment moment, std::size_t site);
  std::size_t victim_of(Victim victim, std::size_t site);
  void hit(std::size_t victim, std::uint64_t dice);

  ToyWorld& world_;
  Strikes& strikes_;
  env::Random& random_;
  std::vector<Armed> armed_;
  std::vector<bool> was_flushing_;
  int num_armed_strikes_ = 0;
  env::LinkProfile slowest_line_;
  bool ended_ = false;
};

}  // namespace intertie::tests
