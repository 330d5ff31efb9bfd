#include "intertie/train/learning_rate.h"

#include <cmath>
#include <numbers>

namespace intertie::train {

std::uint64_t in_tokens(const Stretch& stretch, std::uint64_t tokens_per_step) {
  return stretch.steps ? stretch.count * tokens_per_step : stretch.count;
}

double learning_rate(const Settings& settings, std::uint64_t tokens, std::uint64_t tokens_per_step) {
  const std::uint64_t warmup = in_tokens(settings.warmup, tokens_per_step);
  const std::uint64_t decay = in_tokens(settings.decay.count > 0 ? settings.decay : settings.tokens, tokens_per_step);
  if (tokens < warmup) {
    // The first step already moves: (step + 1) / (warm-up steps + 1), as nanoGPT.
    return settings.lr * static_cast<double>(tokens + tokens_per_step) / static_cast<double>(warmup + tokens_per_step);
  }
  if (tokens >= decay) return settings.min_lr;
  const double progress = static_cast<double>(tokens - warmup) / static_cast<double>(decay - warmup);
  return settings.min_lr + 0.5 * (1.0 + std::cos(std::numbers::pi * progress)) * (settings.lr - settings.min_lr);
}

}  // namespace intertie::train
