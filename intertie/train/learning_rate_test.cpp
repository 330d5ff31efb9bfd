#include "intertie/train/learning_rate.h"

#include <gtest/gtest.h>

namespace intertie::train {
namespace {

constexpr std::uint64_t kPerStep = 768;

Settings nanogpt() {
  Settings settings;
  settings.tokens = {.count = 2000, .steps = true};
  settings.lr = 1e-3;
  settings.min_lr = 1e-4;
  settings.warmup = {.count = 100, .steps = true};
  return settings;
}

double at_step(const Settings& settings, std::uint64_t step) { return learning_rate(settings, step * kPerStep, kPerStep); }

// Values of nanoGPT's get_lr for these settings.
TEST(LearningRate, FollowsTheFieldsUsualSchedule) {
  const Settings settings = nanogpt();
  EXPECT_DOUBLE_EQ(at_step(settings, 0), 1e-3 / 101);
  EXPECT_DOUBLE_EQ(at_step(settings, 99), 1e-3 * 100 / 101);
  EXPECT_DOUBLE_EQ(at_step(settings, 100), 1e-3);
  EXPECT_DOUBLE_EQ(at_step(settings, 1050), 5.5e-4);
  EXPECT_DOUBLE_EQ(at_step(settings, 2000), 1e-4);
  EXPECT_DOUBLE_EQ(at_step(settings, 5000), 1e-4);
}

TEST(LearningRate, TokensAndStepsAreTheSameStretch) {
  Settings settings = nanogpt();
  settings.tokens = {.count = 2000 * kPerStep, .steps = false};
  settings.warmup = {.count = 100 * kPerStep, .steps = false};
  for (const std::uint64_t step : {0U, 50U, 500U, 1999U}) EXPECT_DOUBLE_EQ(at_step(settings, step), at_step(nanogpt(), step));
}

TEST(LearningRate, ADecayOfItsOwnMayEndBeforeTheRun) {
  Settings settings = nanogpt();
  settings.decay = {.count = 1000, .steps = true};
  EXPECT_DOUBLE_EQ(at_step(settings, 1000), 1e-4);
  EXPECT_GT(at_step(settings, 999), 1e-4);
}

}  // namespace
}  // namespace intertie::train
