#include "intertie/train/torch/gpt2_reference.h"

#include <ATen/ops/add.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/triu.h>
#include <torch/csrc/autograd/autograd.h>

#include "intertie/train/torch/gpt2_weights.h"

namespace intertie::train {
namespace {

at::Tensor linear(const at::Tensor& x, const WeightPair& weights) {
  const at::Tensor y = at::matmul(x, weights.weight);
  return weights.bias.defined() ? y.add(weights.bias) : y;
}

at::Tensor norm(const at::Tensor& x, const WeightPair& weights) {
  return at::layer_norm(x, {x.size(-1)}, weights.weight, weights.bias, 1e-5);
}

at::Tensor attention(const at::Tensor& x, const BlockWeights& block, std::int64_t heads) {
  const std::int64_t sequences = x.size(0);
  const std::int64_t length = x.size(1);
  const std::int64_t width = x.size(2);
  const auto parts = linear(x, block.c_attn).split(width, 2);
  const auto by_head = [&](const at::Tensor& part) {
    return part.reshape({sequences, length, heads, width / heads}).transpose(1, 2);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(width / heads));
  const at::Tensor scores = at::matmul(by_head(parts[0]), by_head(parts[1]).transpose(2, 3)).mul(scale);
  const at::Tensor future = at::triu(at::full({length, length}, -1e30, x.options()), 1);
  const at::Tensor mixed = at::matmul(at::softmax(scores.add(future), 3), by_head(parts[2]));
  return linear(mixed.transpose(1, 2).reshape({sequences, length, width}), block.attn_proj);
}

at::Tensor loss_of(const ModelSettings& settings, const Gpt2Weights& weights, const at::Tensor& tokens) {
  const std::int64_t length = tokens.size(1) - 1;
  at::Tensor x = at::embedding(weights.wte, tokens.narrow(1, 0, length)).add(weights.wpe.narrow(0, 0, length));
  for (const BlockWeights& block : weights.blocks) {
    x = x.add(attention(norm(x, block.ln_1), block, settings.num_attention_heads));
    x = x.add(linear(at::gelu(linear(norm(x, block.ln_2), block.c_fc), "tanh"), block.mlp_proj));
  }
  const at::Tensor logits = at::matmul(norm(x, weights.ln_f), weights.wte.t());
  return at::cross_entropy_loss(logits.flatten(0, 1), tokens.narrow(1, 1, length).flatten());
}

}  // namespace

std::pair<double, std::vector<double>> reference_gradient(const ModelSettings& settings, const Layout& layout,
                                                          std::span<const float> parameters, const data::Batch& batch) {
  std::vector<double> exact(parameters.begin(), parameters.end());
  const at::Tensor flat = at::from_blob(exact.data(), {static_cast<std::int64_t>(exact.size())}, at::kDouble).requires_grad_();
  std::vector<std::int64_t> numbers(batch.tokens.begin(), batch.tokens.end());
  const at::Tensor tokens = at::from_blob(numbers.data(), {batch.sequences, batch.length + 1}, at::kLong);
  const at::Tensor loss = loss_of(settings, view_weights(flat, layout), tokens);
  const at::Tensor gradient = ::torch::autograd::grad({loss}, {flat}).front();
  const auto* first = gradient.const_data_ptr<double>();
  return {loss.item<double>(), std::vector<double>(first, first + gradient.numel())};
}

}  // namespace intertie::train
