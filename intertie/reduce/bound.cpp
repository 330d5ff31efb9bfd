#include "intertie/reduce/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "intertie/reduce/tree_bound.h"

namespace intertie::reduce {
namespace {

constexpr std::size_t kMostForAllPartitions = 12;  // 4,094 of them

// Delays of the quickest ways over any number of sites; infinite where there is none.
std::vector<double> quickest(const Limits& limits) {
  const std::size_t n = limits.num_sites;
  std::vector<double> delays(n * n, std::numeric_limits<double>::infinity());
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (a == b || limits.linked(a, b)) delays[a * n + b] = a == b ? 0 : limits.delay(a, b);
    }
  }
  for (std::size_t over = 0; over < n; ++over) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        delays[a * n + b] = std::min(delays[a * n + b], delays[a * n + over] + delays[over * n + b]);
      }
    }
  }
  return delays;
}

class Partitions {
 public:
  Partitions(const Limits& limits, const std::vector<double>& delays, double bits)
      : limits_(limits), delays_(delays), n_(limits.num_sites), bits_(bits) {}

  // The longest that `bits` take out of any group of sites: all groups, or with many sites those of one or two and their
  // complements.
  double longest() const {
    double longest = 0;
    if (n_ <= kMostForAllPartitions) {
      for (std::uint32_t near = 1; near + 1 < (1U << n_); ++near) longest = std::max(longest, seconds(members_of(near)));
      return longest;
    }
    for (std::size_t a = 0; a < n_; ++a) {
      for (std::size_t b = a; b < n_; ++b) {
        std::vector<bool> near(n_);
        near[a] = near[b] = true;
        longest = std::max(longest, seconds(near));
        near.flip();
        longest = std::max(longest, seconds(near));
      }
    }
    return longest;
  }

 private:
  std::vector<bool> members_of(std::uint32_t bits) const {
    std::vector<bool> members(n_);
    for (std::size_t i = 0; i < n_; ++i) members[i] = ((bits >> i) & 1U) != 0;
    return members;
  }

  // Until all of it has crossed, and its last part has come to the site that is furthest from where it crossed.
  double seconds(const std::vector<bool>& near) const {
    double out = 0;
    double in = 0;
    double furthest = 0;
    for (std::size_t a = 0; a < n_; ++a) {
      double across = 0;
      double nearest = std::numeric_limits<double>::infinity();
      for (std::size_t b = 0; b < n_; ++b) {
        if (near[a] == near[b]) continue;
        across += near[a] ? limits_.rate(a, b) : limits_.rate(b, a);
        nearest = std::min(nearest, delays_[b * n_ + a]);
      }
      (near[a] ? out : in) += std::min(across, near[a] ? limits_.up[a] : limits_.down[a]);
      if (!near[a]) furthest = std::max(furthest, nearest);
    }
    return bits_ / std::min(out, in) + furthest;
  }

  const Limits& limits_;
  const std::vector<double>& delays_;
  std::size_t n_;
  double bits_;
};

Duration nanoseconds(double seconds) { return Duration(static_cast<std::int64_t>(seconds * 1e9)); }

}  // namespace

Bound lower_bound(const Map& map, const Work& work) {
  const Limits limits(map);
  const std::vector<double> delays = quickest(limits);
  const double furthest = *std::max_element(delays.begin(), delays.end());
  if (work.elements == 0 || map.num_sites() < 2 || std::isinf(furthest)) return {};
  const double bits = 8 * static_cast<double>(work.elements);
  const Volumes volumes{bits * work.element.contribution, bits * work.element.result};
  const double least = std::min(volumes.contribution, volumes.result);
  Bound bound{.trees = nanoseconds(furthest), .partition = nanoseconds(Partitions(limits, delays, least).longest())};
  if (limits.typical() > 0) bound.trees = nanoseconds(TreeBound(limits, volumes, furthest).solve());
  return bound;
}

}  // namespace intertie::reduce
