#include "intertie/reduce/least_cut.h"

#include <algorithm>
#include <limits>

namespace intertie::reduce {
namespace {

constexpr double kNothing = 1e-12;
constexpr std::size_t kUnseen = static_cast<std::size_t>(-1);

// The node before each on a shortest path from `source` over capacity that is left.
std::vector<std::size_t> search(const std::vector<double>& left, std::size_t num_nodes, std::size_t source) {
  std::vector<std::size_t> before(num_nodes, kUnseen);
  before[source] = source;
  std::vector<std::size_t> reached{source};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (std::size_t next = 0; next < num_nodes; ++next) {
      if (before[next] != kUnseen || left[reached[i] * num_nodes + next] <= kNothing) continue;
      before[next] = reached[i];
      reached.push_back(next);
    }
  }
  return before;
}

}  // namespace

Cut least_cut(std::vector<double> capacities, std::size_t num_nodes, std::size_t source, std::size_t sink, double enough) {
  Cut cut;
  std::vector<std::size_t> before = search(capacities, num_nodes, source);
  while (before[sink] != kUnseen && cut.capacity < enough) {
    double flow = std::numeric_limits<double>::infinity();
    for (std::size_t at = sink; at != source; at = before[at]) flow = std::min(flow, capacities[before[at] * num_nodes + at]);
    for (std::size_t at = sink; at != source; at = before[at]) {
      capacities[before[at] * num_nodes + at] -= flow;
      capacities[at * num_nodes + before[at]] += flow;
    }
    cut.capacity += flow;
    before = search(capacities, num_nodes, source);
  }
  for (const std::size_t each : before) cut.near.push_back(each != kUnseen);
  return cut;
}

}  // namespace intertie::reduce
