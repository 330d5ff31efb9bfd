// The tensors of a GPT-2 model as views of one flat tensor. Value; views share the flat tensor's memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "intertie/train/local_step.h"

namespace intertie::train {

// A matrix [in, out] or the scale of a norm, with its bias (undefined if the model has none), and where both lie.
struct WeightPair {
  at::Tensor weight;
  at::Tensor bias;
};

struct BlockWeights {
  WeightPair ln_1, c_attn, attn_proj, ln_2, c_fc, mlp_proj;
};

struct Gpt2Weights {
  at::Tensor wte, wpe;
  std::vector<BlockWeights> blocks;
  WeightPair ln_f;
};

// `flat` has the layout of gpt2_layout.
Gpt2Weights view_weights(const at::Tensor& flat, const Layout& layout);

}  // namespace intertie::train
