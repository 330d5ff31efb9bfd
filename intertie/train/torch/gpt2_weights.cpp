#include "intertie/train/torch/gpt2_weights.h"

#include <string>

#include "intertie/base/check.h"

namespace intertie::train {
namespace {

// Hands out the layout's tensors in canonical order.
class Views {
 public:
  Views(const at::Tensor& flat, const Layout& layout) : flat_(flat), slots_(layout.tensors) {}

  bool done() const { return next_ == slots_.size(); }
  bool next_is(const std::string& ending) const { return !done() && slots_[next_].name.ends_with(ending); }
  at::Tensor take(const std::string& ending) {
    INTERTIE_CHECK(next_is(ending));
    const TensorSlot& slot = slots_[next_++];
    return flat_.narrow(0, static_cast<std::int64_t>(slot.range.first), static_cast<std::int64_t>(slot.range.size()))
        .view(slot.shape);
  }
  WeightPair take_pair(const std::string& name) {
    WeightPair pair{take(name + ".weight"), {}};
    if (next_is(name + ".bias")) pair.bias = take(name + ".bias");
    return pair;
  }

 private:
  const at::Tensor& flat_;
  const std::vector<TensorSlot>& slots_;
  std::size_t next_ = 0;
};

}  // namespace

Gpt2Weights view_weights(const at::Tensor& flat, const Layout& layout) {
  Views views(flat, layout);
  Gpt2Weights weights;
  weights.wte = views.take("wte.weight");
  weights.wpe = views.take("wpe.weight");
  while (views.next_is(".ln_1.weight")) {
    BlockWeights block;
    block.ln_1 = views.take_pair(".ln_1");
    block.c_attn = views.take_pair(".attn.c_attn");
    block.attn_proj = views.take_pair(".attn.c_proj");
    block.ln_2 = views.take_pair(".ln_2");
    block.c_fc = views.take_pair(".mlp.c_fc");
    block.mlp_proj = views.take_pair(".mlp.c_proj");
    weights.blocks.push_back(std::move(block));
  }
  weights.ln_f = views.take_pair(".ln_f");
  INTERTIE_CHECK(views.done());
  return weights;
}

}  // namespace intertie::train
