// The cut of least capacity between two nodes of a small dense network, by augmenting paths. Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace intertie::reduce {

struct Cut {
  double capacity = 0;
  std::vector<bool> near;  // by node: on the source's side
};
// `capacities`: [from][to] of `num_nodes` nodes. A cut whose capacity is `enough` or more is not looked for to the end: then
// `capacity` is what was found so far.
Cut least_cut(std::vector<double> capacities, std::size_t num_nodes, std::size_t source, std::size_t sink, double enough);

}  // namespace intertie::reduce
