// GELU (tanh form) of a layer: our kernel for f32 on a CPU, torch's elsewhere. One object per layer and pass; owner thread: the
// model's.
#pragma once

#include <ATen/core/Tensor.h>

namespace intertie::train {

class Gelu {
 public:
  at::Tensor forward(const at::Tensor& x);
  // Gradient of forward's `x`. Once; may use the memory of `gradient`.
  at::Tensor backward(at::Tensor gradient);

 private:
  at::Tensor kept_;  // our kernel: the slope at x; torch's: x
  bool is_slope_ = false;
};

}  // namespace intertie::train
