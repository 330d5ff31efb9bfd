#include "intertie/train/torch/attention.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <torch/csrc/autograd/autograd.h>

namespace intertie::train {

at::Tensor Attention::forward(const at::Tensor& packed, const AttentionShape& shape, bool keep) {
  const at::AutoGradMode record(keep);
  packed_ = packed.detach().requires_grad_(keep);
  const std::int64_t width = packed.size(1) / 3;
  const auto parts =
      packed_.view({shape.sequences, shape.length, 3, shape.heads, width / shape.heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor mixed =
      at::scaled_dot_product_attention(parts[0], parts[1], parts[2], std::nullopt, shape.dropout, /*is_causal=*/true);
  result_ = mixed.transpose(1, 2).reshape({shape.sequences * shape.length, width});
  return result_.detach();
}

at::Tensor Attention::backward(const at::Tensor& gradient) {
  const at::AutoGradMode record(true);
  at::Tensor result = ::torch::autograd::grad({result_}, {packed_}, {gradient}).front();
  result_.reset();
  packed_.reset();
  return result;
}

}  // namespace intertie::train
