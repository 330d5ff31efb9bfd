// The toy problem behind LocalStep, for tests and simulation: a quadratic whose gradient depends on which samples were seen.
//
// Each element has a fixed optimum; each sequence of a batch pulls it off by a small deviation that is a function of the
// sequence's tokens. target = optimum + mean deviation over the batch; gradient = parameter - target; the reported loss is half
// the mean square of that. All values are multiples of 2^-8 until parameters are updated, sums over sequences are integers, so
// a gradient costs one rounding for the mean and one for the difference: dividing a batch among sites changes nothing else. No
// libm; the same bytes on every machine. evaluate() takes no notice of its batch: it is half the mean squared distance to the
// optimum, 0 when solved.
//
//   std::unique_ptr<LocalStep> toy = make_toy({.kind = "toy", .toy_elements = 20000}, seed);
#pragma once

#include <cstdint>
#include <memory>

#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::train {

std::unique_ptr<LocalStep> make_toy(const ModelSettings& settings, std::uint64_t seed);

}  // namespace intertie::train
