// Inner: the inner optimiser of a site - its moments, its learning rate, clipping - over the flat parameters of a LocalStep.
// The kernels are ours (outer/optimiser.h), so equal gradients give equal parameters at every site. Owner thread: the worker.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::sync {

class Inner {
 public:
  Inner(const train::Settings& settings, train::LocalStep& model);

  // One optimiser step with `gradient` (flat, mean over tokens), as inner step number `step` of the run.
  // Returns the gradient's norm before clipping.
  double apply(std::span<const float> gradient, double learning_rate, std::uint64_t step);

  std::span<float> first_moment() { return first_; }
  std::span<float> second_moment() { return second_; }

 private:
  struct Stretch {
    ElementRange range;
    bool decay = false;
  };
  train::Settings settings_;
  train::LocalStep& model_;
  std::vector<Stretch> stretches_;  // neighbouring tensors with the same decay, joined
  std::vector<float> first_;        // empty for sgd
  std::vector<float> second_;
};

}  // namespace intertie::sync
