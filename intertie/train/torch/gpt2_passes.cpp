#include "intertie/train/torch/gpt2_passes.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/native_dropout_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/sum.h>

namespace intertie::train {
namespace {

constexpr double kNormEpsilon = 1e-5;

at::Tensor linear(const at::Tensor& x, const WeightPair& weights) {
  return weights.bias.defined() ? at::addmm(weights.bias, x, weights.weight) : at::mm(x, weights.weight);
}

// into (+)= value, converting.
void store(at::Tensor into, const at::Tensor& value, bool accumulate) {
  if (accumulate) {
    into.add_(value);
  } else {
    into.copy_(value);
  }
}

// into (+)= a^T b
void store_product(at::Tensor into, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
  if (into.scalar_type() != a.scalar_type()) {
    store(into, at::mm(a.t(), b), accumulate);
  } else if (accumulate) {
    into.addmm_(a.t(), b);
  } else {
    at::mm_out(into, a.t(), b);
  }
}

// Gradient of `x` in linear(x, weights); writes those of the weights.
at::Tensor linear_backward(const at::Tensor& gradient, const at::Tensor& x, const WeightPair& weights, const WeightPair& into,
                           bool accumulate) {
  if (into.bias.defined()) store(into.bias, gradient.sum(0, /*keepdim=*/false, at::kFloat), accumulate);
  store_product(into.weight, x, gradient, accumulate);
  return at::mm(gradient, weights.weight.t());
}

}  // namespace

Gpt2Passes::Gpt2Passes(const ModelSettings& settings, const Gpt2Weights& exact, const Gpt2Weights& compute)
    : settings_(settings), exact_(exact), compute_(compute), tapes_(exact.blocks.size()) {}

at::Tensor Gpt2Passes::normalise(const at::Tensor& x, const WeightPair& weights, Norm& tape) const {
  at::Tensor normed;
  std::tie(normed, tape.mean, tape.inverse_deviation) =
      at::native_layer_norm(x, {settings_.hidden_size}, weights.weight, weights.bias, kNormEpsilon);
  tape.input = x;
  return normed.to(compute_.wte.scalar_type());
}

at::Tensor Gpt2Passes::normalise_backward(const at::Tensor& gradient, const Norm& tape, const WeightPair& weights,
                                          const WeightPair& into, bool accumulate) const {
  const auto [x, weight, bias] =
      at::native_layer_norm_backward(gradient.to(at::kFloat), tape.input, {settings_.hidden_size}, tape.mean,
                                     tape.inverse_deviation, weights.weight, weights.bias, {true, true, into.bias.defined()});
  store(into.weight, weight, accumulate);
  if (into.bias.defined()) store(into.bias, bias, accumulate);
  return x;
}

at::Tensor Gpt2Passes::drop(const at::Tensor& x, bool training, at::Tensor& mask) const {
  if (!training || settings_.dropout <= 0) return x;
  at::Tensor kept;
  std::tie(kept, mask) = at::native_dropout(x, settings_.dropout, true);
  return kept;
}

at::Tensor Gpt2Passes::drop_backward(const at::Tensor& gradient, const at::Tensor& mask) const {
  return mask.defined() ? at::native_dropout_backward(gradient, mask, 1 / (1 - settings_.dropout)) : gradient;
}

at::Tensor Gpt2Passes::embed(bool training) {
  at::Tensor x = at::embedding(exact_.wte, batch_.inputs);
  x.view({batch_.sequences, batch_.length, settings_.hidden_size}).add_(exact_.wpe.narrow(0, 0, batch_.length));
  return drop(x, training, embedding_mask_);
}

void Gpt2Passes::embed_backward(const at::Tensor& gradient, const Gradients& gradients) const {
  const at::Tensor dropped = drop_backward(gradient, embedding_mask_);
  const at::Tensor& positions = gradients.into.wpe;
  store(positions.narrow(0, 0, batch_.length), dropped.view({batch_.sequences, batch_.length, settings_.hidden_size}).sum(0),
        gradients.accumulate);
  if (!gradients.accumulate) positions.narrow(0, batch_.length, positions.size(0) - batch_.length).zero_();
  // The head has written its part of the tied weight already.
  gradients.into.wte.add_(at::embedding_dense_backward(dropped, batch_.inputs, exact_.wte.size(0), -1, false));
}

at::Tensor Gpt2Passes::block(const at::Tensor& x, std::size_t layer, bool training) {
  const BlockWeights& exact = exact_.blocks[layer];
  const BlockWeights& compute = compute_.blocks[layer];
  BlockTape& tape = tapes_[layer];
  const AttentionShape shape{.sequences = batch_.sequences,
                             .length = batch_.length,
                             .heads = settings_.num_attention_heads,
                             .dropout = training ? settings_.dropout : 0};
  tape.normed_1 = normalise(x, exact.ln_1, tape.ln_1);
  tape.mixed = tape.attention.forward(linear(tape.normed_1, compute.c_attn), shape, training);
  const at::Tensor middle = at::add(x, drop(linear(tape.mixed, compute.attn_proj), training, tape.attention_mask));
  tape.normed_2 = normalise(middle, exact.ln_2, tape.ln_2);
  tape.activated = tape.gelu.forward(linear(tape.normed_2, compute.c_fc));
  return at::add(middle, drop(linear(tape.activated, compute.mlp_proj), training, tape.mlp_mask));
}

at::Tensor Gpt2Passes::forward(const TokenBatch& batch, bool training) {
  const at::NoGradGuard no_autograd;
  batch_ = batch;
  at::Tensor x = embed(training);
  for (std::size_t layer = 0; layer < tapes_.size(); ++layer) x = block(x, layer, training);
  normed_f_ = normalise(x, exact_.ln_f, ln_f_);
  return at::mm(normed_f_, compute_.wte.t()).to(at::kFloat);
}

at::Tensor Gpt2Passes::mlp_backward(const at::Tensor& gradient, std::size_t layer, const Gradients& gradients) {
  const BlockWeights& into = gradients.into.blocks[layer];
  const BlockWeights& compute = compute_.blocks[layer];
  BlockTape& tape = tapes_[layer];
  const bool accumulate = gradients.accumulate;
  const at::Tensor branch = drop_backward(gradient, tape.mlp_mask).to(compute.c_fc.weight.scalar_type());
  const at::Tensor activated = linear_backward(branch, tape.activated, compute.mlp_proj, into.mlp_proj, accumulate);
  const at::Tensor hidden = tape.gelu.backward(activated);
  const at::Tensor normed = linear_backward(hidden, tape.normed_2, compute.c_fc, into.c_fc, accumulate);
  return normalise_backward(normed, tape.ln_2, exact_.blocks[layer].ln_2, into.ln_2, accumulate).add_(gradient);
}

at::Tensor Gpt2Passes::attention_backward(const at::Tensor& gradient, std::size_t layer, const Gradients& gradients) {
  const BlockWeights& into = gradients.into.blocks[layer];
  const BlockWeights& compute = compute_.blocks[layer];
  BlockTape& tape = tapes_[layer];
  const bool accumulate = gradients.accumulate;
  const at::Tensor branch = drop_backward(gradient, tape.attention_mask).to(compute.c_attn.weight.scalar_type());
  const at::Tensor mixed = linear_backward(branch, tape.mixed, compute.attn_proj, into.attn_proj, accumulate);
  const at::Tensor packed = tape.attention.backward(mixed);
  const at::Tensor normed = linear_backward(packed, tape.normed_1, compute.c_attn, into.c_attn, accumulate);
  return normalise_backward(normed, tape.ln_1, exact_.blocks[layer].ln_1, into.ln_1, accumulate).add_(gradient);
}

void Gpt2Passes::backward(const at::Tensor& logits_gradient, const Gradients& gradients, const Final& final) {
  const at::NoGradGuard no_autograd;
  store_product(gradients.into.wte, logits_gradient, normed_f_, gradients.accumulate);
  at::Tensor gradient =
      normalise_backward(at::mm(logits_gradient, compute_.wte), ln_f_, exact_.ln_f, gradients.into.ln_f, gradients.accumulate);
  final(gradients.into.ln_f.weight);
  for (std::size_t layer = tapes_.size(); layer-- > 0;) {
    gradient = mlp_backward(gradient, layer, gradients);
    final(gradients.into.blocks[layer].ln_2.weight);
    gradient = attention_backward(gradient, layer, gradients);
    final(gradients.into.blocks[layer].ln_1.weight);
    tapes_[layer] = {};
  }
  embed_backward(gradient, gradients);
  final(gradients.into.wte);
}

double cross_entropy(at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard no_autograd;
  logits = at::_log_softmax(logits, 1, false);
  return -logits.gather(1, targets.unsqueeze(1)).sum(at::kDouble).item<double>() / static_cast<double>(targets.size(0));
}

double cross_entropy_with_gradient(at::Tensor& logits, const at::Tensor& targets, int parts) {
  const at::NoGradGuard no_autograd;
  const double loss = cross_entropy(logits, targets);
  // d loss / d logit = (softmax - [is target]) / rows
  const at::Tensor column = targets.unsqueeze(1);
  logits.exp_();
  logits.scatter_add_(1, column, column.new_full(column.sizes(), -1.0, logits.options()));
  logits.mul_(1.0 / (static_cast<double>(targets.size(0)) * parts));
  return loss;
}

}  // namespace intertie::train
