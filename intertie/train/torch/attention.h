// Causal self-attention over packed queries, keys and values: torch's scaled_dot_product_attention, the one place where its
// autograd is used (its kernels differ by device, precision and dropout, and autograd knows the backward of each).
// One object per layer and pass; owner thread: the model's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace intertie::train {

struct AttentionShape {
  std::int64_t sequences = 0;
  std::int64_t length = 0;
  std::int64_t heads = 0;
  double dropout = 0;  // of this pass: 0 in evaluation
};

class Attention {
 public:
  // `packed` is [sequences * length, 3 * width]; the result [sequences * length, width]. `keep`: backward will be called.
  at::Tensor forward(const at::Tensor& packed, const AttentionShape& shape, bool keep);
  // Gradient of `packed` from that of the result. Once.
  at::Tensor backward(const at::Tensor& gradient);

 private:
  at::Tensor packed_;
  at::Tensor result_;
};

}  // namespace intertie::train
