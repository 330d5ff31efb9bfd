// GPT-2 as plainly as torch can say it, differentiated by torch's autograd: what gpt2_passes.cpp is checked against. Tests
// only.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "intertie/data/batch.h"
#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::train {

// Loss and flat gradient, without dropout, in f64.
std::pair<double, std::vector<double>> reference_gradient(const ModelSettings& settings, const Layout& layout,
                                                          std::span<const float> parameters, const data::Batch& batch);

}  // namespace intertie::train
