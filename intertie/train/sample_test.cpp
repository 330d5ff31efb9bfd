#include "intertie/train/sample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intertie/train/toy.h"

namespace intertie::train {
namespace {

const std::vector<float> kLogits = {0.0F, 2.0F, 1.0F, 2.0F};

TEST(DrawToken, WithoutTemperatureTheFirstOfTheLikeliest) { EXPECT_EQ(draw_token(kLogits, {.temperature = 0}, 0.99), 1); }

TEST(DrawToken, FollowsTheSoftmax) {
  std::vector<int> counts(4);
  const int draws = 100000;
  for (int i = 0; i < draws; ++i) ++counts[draw_token(kLogits, {}, (i + 0.5) / draws)];
  const double sum = 1 + 2 * std::exp(2.0) + std::exp(1.0);
  EXPECT_NEAR(counts[0], draws / sum, 2);
  EXPECT_NEAR(counts[1], draws * std::exp(2.0) / sum, 2);
  EXPECT_NEAR(counts[2], draws * std::exp(1.0) / sum, 2);
  EXPECT_NEAR(counts[3], draws * std::exp(2.0) / sum, 2);
}

TEST(DrawToken, TopKLeavesOutTheRest) {
  for (int i = 0; i < 100; ++i) {
    const std::uint16_t token = draw_token(kLogits, {.top_k = 2}, i / 100.0);
    EXPECT_TRUE(token == 1 || token == 3);
  }
  EXPECT_EQ(draw_token(kLogits, {.top_k = 100}, 0.999999), 0);
}

// Likes each token more than the one before, whatever the context.
class Rising final : public LocalStep {
 public:
  const Layout& layout() const override { return layout_; }
  std::span<float> parameters() override { return {}; }
  std::span<float> gradient() override { return {}; }
  Result<StepReport> compute_gradient(const data::Batch&, int, const GradientReady&) override { return StepReport{}; }
  Result<double> evaluate(const data::Batch&) override { return 0.0; }
  Result<std::vector<float>> next_logits(std::span<const std::uint16_t>) override { return std::vector<float>{0, 1, 2, 30}; }
  std::vector<std::byte> state() const override { return {}; }
  Result<void> restore(std::span<const std::byte>) override { return {}; }
  std::string description() const override { return "rising"; }

 private:
  Layout layout_;
};

TEST(Sample, DrawsNoTokenThatTheTokenizerDoesNotHave) {
  Rising model;
  const std::vector<std::uint16_t> prompt = {0};
  const auto drawn = [&](int vocabulary) {
    return sample(model, prompt, {.count = 50, .temperature = 1, .vocabulary = vocabulary}).value();
  };
  for (const std::uint16_t token : drawn(3)) EXPECT_LT(token, 3);
  EXPECT_EQ(drawn(0), std::vector<std::uint16_t>(50, 3)) << "all that the model has";
  EXPECT_EQ(drawn(100), drawn(0));
}

TEST(Sample, AModelWithoutTextSaysSo) {
  const auto model = make_toy({}, 1);
  const std::vector<std::uint16_t> prompt = {1};
  EXPECT_FALSE(sample(*model, prompt, {}));
}

}  // namespace
}  // namespace intertie::train
