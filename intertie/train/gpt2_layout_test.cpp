#include "intertie/train/gpt2_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>

#include "intertie/base/hash.h"

namespace intertie::train {
namespace {

using testing::HasSubstr;

ModelSettings golden() {
  ModelSettings settings;
  settings.vocab_size = 65;
  settings.bias = false;
  return settings;
}

const TensorSlot& slot_of(const Layout& layout, const std::string& name) {
  return *std::ranges::find(layout.tensors, name, &TensorSlot::name);
}

TEST(Gpt2Layout, HasThePublishedModelsSize) {
  ModelSettings gpt2;
  gpt2.hidden_size = 768;
  gpt2.num_hidden_layers = 12;
  gpt2.num_attention_heads = 12;
  gpt2.max_position_embeddings = 1024;
  gpt2.vocab_size = 50257;
  const Layout layout = gpt2_layout(gpt2).value();
  EXPECT_EQ(layout.num_elements, 124439808U);
  EXPECT_EQ(layout.tensors.size(), 2U + 12U * 12U + 2U);
  EXPECT_EQ(slot_of(layout, "transformer.h.11.mlp.c_proj.weight").shape, (std::vector<std::int64_t>{3072, 768}));
  EXPECT_EQ(slot_of(layout, "transformer.h.0.attn.c_attn.weight").shape, (std::vector<std::int64_t>{768, 2304}));
}

TEST(Gpt2Layout, TensorsFollowEachOtherAndOnlyMatricesDecay) {
  const Layout layout = gpt2_layout(golden()).value();
  std::uint64_t next = 0;
  for (const TensorSlot& slot : layout.tensors) {
    EXPECT_EQ(slot.range.first, next);
    EXPECT_EQ(slot.decay, slot.shape.size() == 2);
    EXPECT_FALSE(slot.name.ends_with(".bias"));
    next = slot.range.last;
  }
  EXPECT_EQ(next, layout.num_elements);
  EXPECT_EQ(layout.num_elements, 804096U);  // nanoGPT: 0.80 M, of which 0.008 M positions
}

TEST(Gpt2Layout, RefusesImpossibleSizes) {
  ModelSettings settings = golden();
  settings.num_attention_heads = 5;
  EXPECT_THAT(gpt2_layout(settings).error().message(), HasSubstr("hidden_size 128 is not a multiple of num_attention_heads 5"));
  settings = golden();
  settings.vocab_size = 0;
  EXPECT_THAT(gpt2_layout(settings).error().message(), HasSubstr("vocab_size is 0"));
  settings = golden();
  settings.dropout = 1;
  EXPECT_FALSE(gpt2_layout(settings));
}

TEST(Gpt2Layout, RefusesMoreParametersThanCanBeCounted) {
  ModelSettings settings = golden();
  settings.hidden_size = 1 << 24;
  settings.num_hidden_layers = 10000;
  EXPECT_THAT(gpt2_layout(settings).error().message(), HasSubstr("more than 1099511627776 parameters"));
  settings = golden();
  settings.vocab_size = settings.max_position_embeddings = INT_MAX;
  settings.intermediate_size = INT_MAX;
  EXPECT_THAT(gpt2_layout(settings).error().message(), HasSubstr("more than 1099511627776 parameters"));
}

TEST(Gpt2Initialise, GivesTheSameBytesOnEveryMachine) {
  const ModelSettings settings = golden();
  const Layout layout = gpt2_layout(settings).value();
  std::vector<float> parameters(layout.num_elements);
  gpt2_initialise(layout, settings, 1, parameters);
  EXPECT_EQ(to_string(hash_bytes(std::as_bytes(std::span(parameters)))), "f4b9b7847e7ffe62");
  std::vector<float> other(layout.num_elements);
  gpt2_initialise(layout, settings, 2, other);
  EXPECT_NE(parameters, other);
}

TEST(Gpt2Initialise, HasTheMomentsOfANormalDistribution) {
  ModelSettings settings = golden();
  settings.bias = true;
  const Layout layout = gpt2_layout(settings).value();
  std::vector<float> parameters(layout.num_elements);
  gpt2_initialise(layout, settings, 1, parameters);
  const auto deviation = [&](const std::string& name) {
    const TensorSlot& slot = slot_of(layout, name);
    double sum = 0;
    double squares = 0;
    for (std::uint64_t i = slot.range.first; i < slot.range.last; ++i) {
      sum += static_cast<double>(parameters[i]);
      squares += static_cast<double>(parameters[i]) * static_cast<double>(parameters[i]);
    }
    const auto count = static_cast<double>(slot.range.size());
    EXPECT_LT(std::abs(sum / count), 0.001);
    return std::sqrt(squares / count);
  };
  EXPECT_NEAR(deviation("transformer.h.1.attn.c_attn.weight"), 0.02, 0.0004);
  EXPECT_NEAR(deviation("transformer.h.1.mlp.c_proj.weight"), 0.02 / std::sqrt(8.0), 0.0002);
  EXPECT_EQ(parameters[slot_of(layout, "transformer.ln_f.weight").range.first], 1.0F);
  EXPECT_EQ(parameters[slot_of(layout, "transformer.ln_f.bias").range.first], 0.0F);
}

}  // namespace
}  // namespace intertie::train
