#include "intertie/train/gpt2_layout.h"

#include <algorithm>
#include <cmath>

#include "intertie/env/random.h"

namespace intertie::train {
namespace {

Error bad_model(std::string what, std::string fix) {
  return Error{ErrorCode::reconfigure, "model", std::move(what), std::move(fix), nullptr};
}

class LayoutBuilder {
 public:
  // Adds nothing more once there are too many parameters. A matrix's size fits: its extents are below 2^33.
  void add(std::string name, std::vector<std::int64_t> shape) {
    if (too_large()) return;
    std::uint64_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::uint64_t>(extent);
    const bool matrix = shape.size() > 1;
    const std::uint64_t first = layout_.num_elements;
    layout_.tensors.push_back({std::move(name), std::move(shape), {first, first + size}, matrix});
    layout_.num_elements += size;
  }
  void add_with_bias(const std::string& name, std::vector<std::int64_t> shape, bool bias) {
    const std::int64_t out = shape.back();
    add(name + ".weight", std::move(shape));
    if (bias) add(name + ".bias", {out});
  }
  bool too_large() const { return layout_.num_elements > kMaxParameters; }
  Layout take() { return std::move(layout_); }

 private:
  Layout layout_;
};

// About N(0, 1): twelve uniform 32-bit integers, less their mean; their sum has a deviation of 2^32 (Irwin-Hall).
double normal(env::Random& random) {
  std::int64_t sum = 0;
  for (int i = 0; i < 6; ++i) {
    const std::uint64_t two = random.next();
    sum += static_cast<std::int64_t>(two >> 32U) + static_cast<std::int64_t>(two & 0xffffffffU);
  }
  return static_cast<double>(sum - 6 * (std::int64_t{1} << 32) + 6) * 0x1.0p-32;
}

}  // namespace

int intermediate_size(const ModelSettings& settings) {
  return settings.intermediate_size > 0 ? settings.intermediate_size : 4 * settings.hidden_size;
}

Result<Layout> gpt2_layout(const ModelSettings& settings) {
  for (const auto& [key, value] :
       {std::pair{"hidden_size", settings.hidden_size}, std::pair{"num_hidden_layers", settings.num_hidden_layers},
        std::pair{"num_attention_heads", settings.num_attention_heads},
        std::pair{"max_position_embeddings", settings.max_position_embeddings}, std::pair{"vocab_size", settings.vocab_size}}) {
    if (value <= 0) return bad_model(std::string(key) + " is " + std::to_string(value), "it must be at least 1");
  }
  if (settings.hidden_size % settings.num_attention_heads != 0) {
    return bad_model("hidden_size " + std::to_string(settings.hidden_size) + " is not a multiple of num_attention_heads " +
                         std::to_string(settings.num_attention_heads),
                     "every head takes an equal part of the width");
  }
  if (!(settings.dropout >= 0 && settings.dropout < 1)) return bad_model("dropout is outside [0, 1)", "0.1 drops a tenth");
  const std::int64_t width = settings.hidden_size;
  const std::int64_t inner = intermediate_size(settings);
  LayoutBuilder builder;
  builder.add("transformer.wte.weight", {settings.vocab_size, width});
  builder.add("transformer.wpe.weight", {settings.max_position_embeddings, width});
  for (int i = 0; i < settings.num_hidden_layers && !builder.too_large(); ++i) {
    const std::string block = "transformer.h." + std::to_string(i) + ".";
    builder.add_with_bias(block + "ln_1", {width}, settings.bias);
    builder.add_with_bias(block + "attn.c_attn", {width, 3 * width}, settings.bias);
    builder.add_with_bias(block + "attn.c_proj", {width, width}, settings.bias);
    builder.add_with_bias(block + "ln_2", {width}, settings.bias);
    builder.add_with_bias(block + "mlp.c_fc", {width, inner}, settings.bias);
    builder.add_with_bias(block + "mlp.c_proj", {inner, width}, settings.bias);
  }
  builder.add_with_bias("transformer.ln_f", {width}, settings.bias);
  if (builder.too_large()) {
    return bad_model("the model has more than " + std::to_string(kMaxParameters) + " parameters",
                     "make it narrower or shallower");
  }
  return builder.take();
}

void gpt2_initialise(const Layout& layout, const ModelSettings& settings, std::uint64_t seed, std::span<float> parameters) {
  const double residual_scale = 1 / std::sqrt(2.0 * settings.num_hidden_layers);
  for (std::size_t t = 0; t < layout.tensors.size(); ++t) {
    const TensorSlot& slot = layout.tensors[t];
    const std::span<float> values = parameters.subspan(slot.range.first, slot.range.size());
    const bool matrix = slot.shape.size() > 1;
    if (!matrix) {
      std::ranges::fill(values, slot.name.ends_with(".bias") ? 0.0F : 1.0F);
      continue;
    }
    const bool residual = slot.name.ends_with("c_proj.weight");
    const double deviation = settings.initializer_range * (residual ? residual_scale : 1.0);
    env::Random random = env::Random(seed).fork(t);
    for (float& value : values) value = static_cast<float>(normal(random) * deviation);
  }
}

}  // namespace intertie::train
