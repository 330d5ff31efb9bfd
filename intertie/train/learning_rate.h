// The learning rate as a function of the tokens that the run has counted: linear warm-up, then a cosine down to min_lr
// (as nanoGPT and GPT-3 do), then flat. Pure; the result is rounded to f32 once, by the caller.
#pragma once

#include <cstdint>

#include "intertie/train/settings.h"

namespace intertie::train {

// Stretches in tokens: `tokens_per_step` turns "100 steps" into tokens.
std::uint64_t in_tokens(const Stretch& stretch, std::uint64_t tokens_per_step);

// For the step that begins when `tokens` have been counted.
double learning_rate(const Settings& settings, std::uint64_t tokens, std::uint64_t tokens_per_step);

}  // namespace intertie::train
