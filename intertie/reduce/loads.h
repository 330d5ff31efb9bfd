// What a schedule puts on each link of a map. Values; any thread.
#pragma once

#include <vector>

#include "intertie/reduce/map.h"
#include "intertie/reduce/schedule.h"

namespace intertie::reduce {

class Loads {
 public:
  Loads(const wire::Schedule& schedule, const Map& map, ElementBytes element);

  // In one merge, over the link from one site to another, for whomever.
  double bits(std::size_t from, std::size_t to) const { return bits_[from * num_sites_ + to]; }
  double sent(std::size_t from) const;    // bits
  double received(std::size_t to) const;  // bits
  // Of the longest way that anything takes from the one to the other, in seconds.
  double delay(std::size_t from, std::size_t to) const { return delays_[from * num_sites_ + to]; }
  // Of all that one byte of a contribution sets in motion, in seconds.
  double longest_delay() const { return longest_delay_; }
  // Seconds until the busiest link or access line has carried its bits.
  double transfer(const Limits& limits) const;

 private:
  struct Demand {
    std::size_t from, to;
    double bits;
  };
  void add(const wire::Schedule& schedule, const Map& map, const Demand& demand);

  std::size_t num_sites_;
  std::vector<double> bits_, delays_;  // [from][to]
  double longest_delay_ = 0;
};

}  // namespace intertie::reduce
