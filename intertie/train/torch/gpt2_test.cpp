#include "intertie/train/torch/gpt2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/base/hash.h"
#include "intertie/env/random.h"
#include "intertie/train/gpt2_layout.h"
#include "intertie/train/sample.h"
#include "intertie/train/torch/gpt2_reference.h"

namespace intertie::train {
namespace {

using testing::HasSubstr;

Gpt2Options small(bool bias = true) {
  Gpt2Options options;
  options.model.hidden_size = 32;
  options.model.num_hidden_layers = 2;
  options.model.num_attention_heads = 4;
  options.model.max_position_embeddings = 16;
  options.model.vocab_size = 23;
  options.model.bias = bias;
  return options;
}

std::unique_ptr<LocalStep> model_of(const Gpt2Options& options) { return make_gpt2(options).value(); }

data::Batch random_batch(int sequences, int length, std::uint64_t seed) {
  env::Random random(seed);
  data::Batch batch{.sequences = sequences, .length = length, .tokens = {}};
  for (int i = 0; i < sequences * (length + 1); ++i) batch.tokens.push_back(static_cast<std::uint16_t>(random.below(23)));
  return batch;
}

std::vector<float> gradient_of(LocalStep& model, const data::Batch& batch, int micro_batches = 1) {
  EXPECT_TRUE(model.compute_gradient(batch, micro_batches, {}));
  return {model.gradient().begin(), model.gradient().end()};
}

// |a - b| / |b|
template <class A, class B>
double relative_error(const A& a, const B& b) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / size);
}

// Parameters away from their first values, so that no gradient is zero by chance.
void stir(LocalStep& model) {
  env::Random random(5);
  for (float& value : model.parameters()) value += static_cast<float>(random.uniform() - 0.5) * 0.2F;
  model.parameters_changed();
}

TEST(Gpt2, GradientIsAutogradsForEveryTensor) {
  for (const bool bias : {true, false}) {
    const Gpt2Options options = small(bias);
    const auto model = model_of(options);
    stir(*model);
    for (const int length : {16, 9}) {
      const data::Batch batch = random_batch(3, length, 1);
      const auto [loss, expected] = reference_gradient(options.model, model->layout(), model->parameters(), batch);
      std::ranges::fill(model->gradient(), NAN);
      EXPECT_NEAR(model->compute_gradient(batch, 1, {})->loss, loss, 1e-5);
      for (const TensorSlot& slot : model->layout().tensors) {
        const auto ours = model->gradient().subspan(slot.range.first, slot.range.size());
        EXPECT_LT(relative_error(ours, std::span(expected).subspan(slot.range.first, slot.range.size())), 2e-5) << slot.name;
      }
    }
  }
}

TEST(Gpt2, StartsFromTheSameBytesEverywhere) {
  const Gpt2Options options = small();
  const auto model = model_of(options);
  std::vector<float> expected(model->layout().num_elements);
  gpt2_initialise(model->layout(), options.model, options.seed, expected);
  EXPECT_TRUE(std::ranges::equal(model->parameters(), expected));
  for (const void* memory : {static_cast<void*>(model->parameters().data()), static_cast<void*>(model->gradient().data())}) {
    EXPECT_EQ(std::bit_cast<std::uintptr_t>(memory) % 64, 0U);
  }
}

Hash64 trained(const Gpt2Options& options, std::uint64_t steps) {
  const auto model = model_of(options);
  for (std::uint64_t step = 0; step < steps; ++step) {
    EXPECT_TRUE(model->compute_gradient(random_batch(4, 16, step), 2, {}));
    for (std::size_t i = 0; i < model->parameters().size(); ++i) model->parameters()[i] -= 0.1F * model->gradient()[i];
    model->parameters_changed();
  }
  return hash_bytes(std::as_bytes(model->parameters()));
}

TEST(Gpt2, TwoRunsOfTwentyStepsGiveTheSameBits) {
  Gpt2Options options = small();
  options.model.dropout = 0.1;
  EXPECT_EQ(trained(options, 20), trained(options, 20));
  options.threads = 2;
  EXPECT_EQ(trained(options, 4), trained(options, 4));
}

TEST(Gpt2, ReportsFinalGradientsFromTheEndToTheStart) {
  const auto model = model_of(small());
  const data::Batch batch = random_batch(4, 16, 1);
  const auto expected = gradient_of(*model, batch, 2);
  std::ranges::fill(model->gradient(), NAN);
  std::uint64_t end = model->layout().num_elements;
  int pieces = 0;
  ASSERT_TRUE(model->compute_gradient(batch, 2, [&](ElementRange range) {
    EXPECT_EQ(range.last, end);
    EXPECT_LT(range.first, range.last);
    for (std::uint64_t i = range.first; i < range.last; ++i) ASSERT_EQ(model->gradient()[i], expected[i]);
    end = range.first;
    ++pieces;
  }));
  EXPECT_EQ(end, 0U);
  EXPECT_EQ(pieces, 1 + 2 * 2 + 1);
}

TEST(Gpt2, AccumulatedPartsGiveTheGradientOfTheWhole) {
  const auto model = model_of(small());
  const data::Batch batch = random_batch(8, 16, 1);
  const auto whole = gradient_of(*model, batch);
  EXPECT_LT(relative_error(gradient_of(*model, batch, 4), whole), 1e-6);
}

TEST(Gpt2, DropoutFollowsItsSavedState) {
  Gpt2Options options = small();
  options.model.dropout = 0.3;
  const auto model = model_of(options);
  const data::Batch batch = random_batch(4, 16, 1);
  const auto state = model->state();
  const auto first = gradient_of(*model, batch);
  EXPECT_NE(gradient_of(*model, batch), first);
  ASSERT_TRUE(model->restore(state));
  EXPECT_EQ(gradient_of(*model, batch), first);
  EXPECT_FALSE(model->restore(std::span(state).first(10)));
}

// Sites with the same masks would have correlated noise, which their mean does not lessen.
TEST(Gpt2, SitesDropDifferentActivationsOfTheSameParameters) {
  Gpt2Options options = small();
  options.model.dropout = 0.3;
  const data::Batch batch = random_batch(4, 16, 1);
  const auto start_and_gradient = [&](std::uint16_t site) {
    options.site = SiteId{site};
    const auto model = model_of(options);
    const std::vector<float> start(model->parameters().begin(), model->parameters().end());
    return std::pair(start, gradient_of(*model, batch));
  };
  const auto [first_start, first] = start_and_gradient(0);
  const auto [second_start, second] = start_and_gradient(1);
  EXPECT_EQ(second_start, first_start);
  EXPECT_GT(relative_error(second, first), 0.1);
  EXPECT_EQ(start_and_gradient(0).second, first) << "the same bits";
  EXPECT_EQ(start_and_gradient(1).second, second) << "the same bits";
}

TEST(Gpt2, MeanGradientUnderDropoutIsNearTheGradientWithout) {
  Gpt2Options options = small();
  const auto plain = model_of(options);
  const data::Batch batch = random_batch(4, 16, 1);
  const auto expected = gradient_of(*plain, batch);
  options.model.dropout = 0.1;
  const auto model = model_of(options);
  std::vector<double> mean(expected.size());
  const int draws = 200;
  for (int i = 0; i < draws; ++i) {
    const auto gradient = gradient_of(*model, batch);
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += static_cast<double>(gradient[k]) / draws;
  }
  EXPECT_LT(relative_error(mean, expected), 0.1);
  EXPECT_GT(relative_error(gradient_of(*model, batch), expected), 0.1);
}

TEST(Gpt2, EvaluationIsWithoutDropoutAndChangesNothing) {
  Gpt2Options options = small();
  const auto plain = model_of(options);
  options.model.dropout = 0.5;
  const auto model = model_of(options);
  const data::Batch batch = random_batch(4, 16, 1);
  const auto state = model->state();
  EXPECT_EQ(model->evaluate(batch).value(), plain->evaluate(batch).value());
  EXPECT_EQ(model->state(), state);
  EXPECT_NEAR(plain->evaluate(batch).value(), plain->compute_gradient(batch, 1, {})->loss, 1e-7);
}

TEST(Gpt2, Bfloat16StaysNearF32) {
  Gpt2Options options = small();
  const auto exact = model_of(options);
  stir(*exact);
  options.precision = "bf16";
  const auto model = model_of(options);
  stir(*model);
  const data::Batch batch = random_batch(4, 16, 1);
  const auto expected = gradient_of(*exact, batch);
  const auto rounded = gradient_of(*model, batch);
  EXPECT_LT(relative_error(rounded, expected), 0.03);
  EXPECT_NE(rounded, expected);
  EXPECT_LT(relative_error(gradient_of(*model, batch, 2), expected), 0.03);
  EXPECT_NEAR(model->evaluate(batch).value(), exact->evaluate(batch).value(), 0.02);
}

TEST(Gpt2, LearnsAPatternAndWritesIt) {
  const auto model = model_of(small());
  data::Batch batch{.sequences = 4, .length = 16, .tokens = {}};
  for (int row = 0; row < 4; ++row) {
    for (int i = 0; i < 17; ++i) batch.tokens.push_back(static_cast<std::uint16_t>((row + i) % 7));
  }
  const double start = model->evaluate(batch).value();
  EXPECT_NEAR(start, std::log(23.0), 0.1);
  for (int step = 0; step < 60; ++step) {
    ASSERT_TRUE(model->compute_gradient(batch, 1, {}));
    for (std::size_t i = 0; i < model->parameters().size(); ++i) model->parameters()[i] -= 0.5F * model->gradient()[i];
    model->parameters_changed();
  }
  EXPECT_LT(model->evaluate(batch).value(), 0.4);
  const std::vector<std::uint16_t> prompt = {0, 1, 2, 3};
  EXPECT_EQ(sample(*model, prompt, {.count = 20, .temperature = 0}).value(),
            (std::vector<std::uint16_t>{4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2}));
}

TEST(Gpt2, BadInputIsNamed) {
  const auto message = [](auto change) {
    Gpt2Options options = small();
    change(options);
    const auto model = make_gpt2(options);
    return model ? "made" : model.error().message();
  };
  EXPECT_THAT(message([](auto& o) { o.precision = "f16"; }), HasSubstr("unknown precision \"f16\""));
  EXPECT_THAT(message([](auto& o) { o.device = "tpu"; }), HasSubstr("unknown device \"tpu\""));
  EXPECT_THAT(message([](auto& o) { o.model.num_attention_heads = 5; }), HasSubstr("not a multiple"));
  const auto model = model_of(small());
  EXPECT_THAT(model->evaluate(random_batch(1, 17, 1)).error().message(), HasSubstr("17 is more than the model's max_position"));
  data::Batch outside = random_batch(1, 16, 1);
  outside.tokens[3] = 23;
  EXPECT_THAT(model->compute_gradient(outside, 1, {}).error().message(),
              HasSubstr("token 23 is outside the model's vocabulary"));
}

TEST(Gpt2, DescribesItself) {
  EXPECT_EQ(model_of(small())->description(), "GPT-2 2 layers, 0.0 M parameters, cpu, f32, 1 thread");
}

}  // namespace
}  // namespace intertie::train
