#include "intertie/train/learning_rate.h"

#include <numbers>

namespace intertie::train {
namespace {

// cos(pi x) for x in [0, 1]. Taylor's series to x^24 within 1e-16, in a fixed order of f64 operations: libm's cosine differs
// between machines in its last bit, and sites that apply one gradient must agree on the learning rate.
double cosine_of_half_turns(double x) {
  if (x > 0.5) return -cosine_of_half_turns(1 - x);
  const double square = (std::numbers::pi * x) * (std::numbers::pi * x);
  double sum = 1;
  for (int k = 24; k > 0; k -= 2) sum = 1 - sum * square / static_cast<double>(k * (k - 1));
  return sum;
}

}  // namespace

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
  return settings.min_lr + 0.5 * (1.0 + cosine_of_half_turns(progress)) * (settings.lr - settings.min_lr);
}

}  // namespace intertie::train
