// Forward and backward of GPT-2 (pre-norm blocks, tanh GELU, tied head) over one micro batch, operation by operation.
//
// forward() keeps what backward() needs; backward() writes the gradient from the last tensor to the first and says after each
// half block which tensors are final. Activations are [sequences * length, width]; the residual stream is f32; with bf16,
// matrices and attention compute in bf16 as autocast would. May throw what torch throws. Owner thread: the model's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "intertie/train/settings.h"
#include "intertie/train/torch/attention.h"
#include "intertie/train/torch/gelu.h"
#include "intertie/train/torch/gpt2_weights.h"

namespace intertie::train {

// One micro batch as tensors on the model's device.
struct TokenBatch {
  at::Tensor inputs;   // [sequences * length], int64
  at::Tensor targets;  // the same; undefined when only logits are wanted
  std::int64_t sequences = 0;
  std::int64_t length = 0;
};

class Gpt2Passes {
 public:
  // `exact`: the f32 parameters; `compute`: the same in the type that matrices are multiplied in.
  Gpt2Passes(const ModelSettings& settings, const Gpt2Weights& exact, const Gpt2Weights& compute);

  // Logits, f32 [sequences * length, vocabulary]. `training`: dropout is on, and backward may follow.
  at::Tensor forward(const TokenBatch& batch, bool training);

  struct Gradients {
    const Gpt2Weights& into;
    bool accumulate = false;  // add to what is there; else overwrite
  };
  // Told that the gradients from this tensor (its .data_ptr) to the end are final.
  using Final = std::function<void(const at::Tensor& first)>;
  // From the gradient of the logits, in the compute type.
  void backward(const at::Tensor& logits_gradient, const Gradients& gradients, const Final& final);

 private:
  struct Norm {
    at::Tensor input, mean, inverse_deviation;
  };
  struct BlockTape {
    Norm ln_1, ln_2;
    Attention attention;
    Gelu gelu;
    at::Tensor normed_1, mixed, normed_2, activated;  // inputs of the matrices
    at::Tensor attention_mask, mlp_mask;              // of dropout; undefined without
  };

  at::Tensor normalise(const at::Tensor& x, const WeightPair& weights, Norm& tape) const;
  at::Tensor normalise_backward(const at::Tensor& gradient, const Norm& tape, const WeightPair& weights, const WeightPair& into,
                                bool accumulate) const;
  at::Tensor drop(const at::Tensor& x, bool training, at::Tensor& mask) const;
  at::Tensor drop_backward(const at::Tensor& gradient, const at::Tensor& mask) const;
  at::Tensor embed(bool training);
  void embed_backward(const at::Tensor& gradient, const Gradients& gradients) const;
  at::Tensor block(const at::Tensor& x, std::size_t layer, bool training);
  at::Tensor mlp_backward(const at::Tensor& gradient, std::size_t layer, const Gradients& gradients);
  at::Tensor attention_backward(const at::Tensor& gradient, std::size_t layer, const Gradients& gradients);

  ModelSettings settings_;
  const Gpt2Weights& exact_;
  const Gpt2Weights& compute_;
  TokenBatch batch_;
  at::Tensor embedding_mask_;
  std::vector<BlockTape> tapes_;
  Norm ln_f_;
  at::Tensor normed_f_;
};

// Mean cross entropy of `logits` (f32) in nats, and, in their place, its gradient divided by `parts`.
double cross_entropy(at::Tensor& logits, const at::Tensor& targets);
double cross_entropy_with_gradient(at::Tensor& logits, const at::Tensor& targets, int parts);

}  // namespace intertie::train
