// Text from a model: one token at a time, drawn from the softmax of the model's logits. On the worker thread of the LocalStep.
//
//   auto tokens = sample(model, prompt_tokens, {.count = 200, .temperature = 0.8, .top_k = 20, .seed = 1});
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/train/local_step.h"

namespace intertie::train {

struct SampleSettings {
  int count = 200;           // tokens to draw
  double temperature = 1.0;  // 0: always the likeliest
  int top_k = 0;             // draw among the k likeliest; 0: among all
  std::uint64_t seed = 1;
  int vocabulary = 0;  // tokens from here on are never drawn, whatever the model has; 0: all are
};

// The drawn tokens, without the prompt, which may not be empty.
Result<std::vector<std::uint16_t>> sample(LocalStep& model, std::span<const std::uint16_t> prompt,
                                          const SampleSettings& settings);

// Draws one token; `uniform` is in [0, 1).
std::uint16_t draw_token(std::span<const float> logits, const SampleSettings& settings, double uniform);

}  // namespace intertie::train
