// The parameters of a GPT-2 model: names, shapes and order as published (c_attn.weight is [in, out]), and their first values.
// Torch-free, so that checkpoints, tests and the planner can speak of a model without it. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "intertie/base/result.h"
#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::train {

// The most parameters that a model may have: 2^40, above which counts of bytes and of times would leave their types.
inline constexpr std::uint64_t kMaxParameters = std::uint64_t{1} << 40;

// Width of the hidden layer of an MLP.
int intermediate_size(const ModelSettings& settings);

// Canonical order: transformer.wte, wpe, h.0 ..., ln_f. With bias = false the biases of the norms are left out as well. The
// head is tied to wte. vocab_size must be set. Errors (reconfigure): sizes that are not positive, a width that the heads do not
// divide, dropout outside [0, 1), more than kMaxParameters.
Result<Layout> gpt2_layout(const ModelSettings& settings);

// Normal with deviation initializer_range, the projections that end in the residual stream divided by sqrt(2 x layers); norms
// 1, biases 0. The same bytes on every machine: a normal value is a sum of twelve uniform ones, in integers, without libm.
void gpt2_initialise(const Layout& layout, const ModelSettings& settings, std::uint64_t seed, std::span<float> parameters);

}  // namespace intertie::train
