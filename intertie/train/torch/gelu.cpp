#include "intertie/train/torch/gelu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>

#include "intertie/train/torch/gelu_kernel.h"

namespace intertie::train {
namespace {

constexpr std::int64_t kLeastPerThread = 16384;  // elements

}  // namespace

at::Tensor Gelu::forward(const at::Tensor& x) {
  is_slope_ = x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous();
  if (!is_slope_) {
    kept_ = x;
    return at::gelu(x, "tanh");
  }
  at::Tensor y = at::empty_like(x);
  kept_ = at::empty_like(x);
  const auto* from = x.const_data_ptr<float>();
  auto* to = y.mutable_data_ptr<float>();
  auto* slope = kept_.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kLeastPerThread, [&](std::int64_t first, std::int64_t last) {
    gelu_with_slope(from + first, to + first, slope + first, static_cast<std::size_t>(last - first));
  });
  return y;
}

at::Tensor Gelu::backward(at::Tensor gradient) {
  const at::Tensor kept = std::move(kept_);
  return is_slope_ ? gradient.mul_(kept) : at::gelu_backward(gradient, kept, "tanh");
}

}  // namespace intertie::train
