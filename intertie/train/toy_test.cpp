#include "intertie/train/toy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>

#include "intertie/data/sampler.h"
#include "intertie/train/evaluate.h"

namespace intertie::train {
namespace {

data::Sampler sampler() {
  std::vector<std::uint16_t> tokens(4000);
  std::iota(tokens.begin(), tokens.end(), std::uint16_t{0});
  return data::Sampler::make(data::Tokens::own(std::move(tokens)), 8, 1).value();
}

std::unique_ptr<LocalStep> toy(std::uint64_t elements = 1000, std::uint64_t seed = 1) {
  ModelSettings settings;
  settings.toy_elements = elements;
  return make_toy(settings, seed);
}

std::vector<float> gradient_of(LocalStep& model, const data::Batch& batch, int micro_batches = 1) {
  EXPECT_TRUE(model.compute_gradient(batch, micro_batches, {}));
  return {model.gradient().begin(), model.gradient().end()};
}

TEST(Toy, LayoutCoversAllElementsInOrder) {
  for (const std::uint64_t elements : {1U, 3U, 17U, 1000U, 20000U}) {
    const auto model = toy(elements);
    std::uint64_t next = 0;
    for (const TensorSlot& slot : model->layout().tensors) {
      EXPECT_EQ(slot.range.first, next);
      EXPECT_EQ(static_cast<std::uint64_t>(slot.shape.front()), slot.range.size());
      next = slot.range.last;
    }
    EXPECT_EQ(next, elements);
    EXPECT_EQ(model->parameters().size(), elements);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(model->parameters().data()) % 64, 0U);
  }
}

TEST(Toy, SameSeedSameBytes) {
  const auto a = toy();
  const auto b = toy();
  const auto other = toy(1000, 2);
  EXPECT_TRUE(std::ranges::equal(a->parameters(), b->parameters()));
  EXPECT_FALSE(std::ranges::equal(a->parameters(), other->parameters()));
  EXPECT_EQ(gradient_of(*a, sampler().batch(0, 4)), gradient_of(*b, sampler().batch(0, 4)));
}

TEST(Toy, GradientDependsOnTheSamples) {
  const auto model = toy();
  EXPECT_NE(gradient_of(*model, sampler().batch(0, 4)), gradient_of(*model, sampler().batch(4, 4)));
}

TEST(Toy, AccumulationChangesNothing) {
  const auto model = toy();
  EXPECT_EQ(gradient_of(*model, sampler().batch(0, 12), 1), gradient_of(*model, sampler().batch(0, 12), 4));
}

TEST(Toy, MeanOfTheSitesGradientsIsTheGradientOfTheWholeBatch) {
  const auto model = toy();
  const auto whole = gradient_of(*model, sampler().batch(0, 8));
  const auto left = gradient_of(*model, sampler().batch(0, 4));
  const auto right = gradient_of(*model, sampler().batch(4, 4));
  // Powers of two: every value is exact.
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(whole[i], (left[i] + right[i]) / 2);
}

TEST(Toy, ReportsTheGradientFromItsEndInPiecesAndOnlyFinalValues) {
  const auto model = toy();
  const auto expected = gradient_of(*model, sampler().batch(0, 4));
  std::ranges::fill(model->gradient(), NAN);
  std::uint64_t end = 1000;
  int pieces = 0;
  ASSERT_TRUE(model->compute_gradient(sampler().batch(0, 4), 1, [&](ElementRange range) {
    EXPECT_EQ(range.last, end);
    for (std::uint64_t i = range.first; i < range.last; ++i) EXPECT_EQ(model->gradient()[i], expected[i]);
    end = range.first;
    ++pieces;
  }));
  EXPECT_EQ(end, 0U);
  EXPECT_GT(pieces, 3);
}

TEST(Toy, DescentConvergesToTheOptimum) {
  const auto model = toy();
  const auto windows = data::EvaluationWindows::make(data::Tokens::own(std::vector<std::uint16_t>(100)), 8, 4, 0, 1).value();
  const double start = evaluate(*model, windows).value();
  double last_loss = 0;
  for (std::uint64_t step = 0; step < 200; ++step) {
    last_loss = model->compute_gradient(sampler().batch(step * 8, 8), 1, {})->loss;
    for (std::size_t i = 0; i < 1000; ++i) model->parameters()[i] -= 0.1F * model->gradient()[i];
  }
  EXPECT_GT(start, 0.1);
  EXPECT_LT(evaluate(*model, windows).value(), 1e-4);
  EXPECT_LT(last_loss, 1e-3);
}

TEST(Toy, RefusesAnotherModelsState) {
  EXPECT_TRUE(toy()->restore(toy()->state()));
  const std::vector<std::byte> other(8);
  EXPECT_FALSE(toy()->restore(other));
}

}  // namespace
}  // namespace intertie::train
