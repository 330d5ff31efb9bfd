#include "intertie/train/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "intertie/env/random.h"

namespace intertie::train {

std::uint16_t draw_token(std::span<const float> logits, const SampleSettings& settings, double uniform) {
  // Token numbers, likeliest first; equal logits in token order, so that a draw never depends on the sort.
  std::vector<std::uint16_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  std::ranges::stable_sort(order, [&](std::uint16_t a, std::uint16_t b) { return logits[a] > logits[b]; });
  if (settings.temperature <= 0) return order.front();
  if (settings.top_k > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(settings.top_k)));
  std::vector<double> cumulative;
  double sum = 0;
  for (const std::uint16_t token : order) {
    sum += std::exp((static_cast<double>(logits[token]) - static_cast<double>(logits[order.front()])) / settings.temperature);
    cumulative.push_back(sum);
  }
  const auto drawn = std::ranges::upper_bound(cumulative, uniform * sum);
  return order[std::min<std::size_t>(static_cast<std::size_t>(drawn - cumulative.begin()), order.size() - 1)];
}

Result<std::vector<std::uint16_t>> sample(LocalStep& model, std::span<const std::uint16_t> prompt,
                                          const SampleSettings& settings) {
  INTERTIE_CHECK(!prompt.empty());
  std::vector<std::uint16_t> text(prompt.begin(), prompt.end());
  env::Random random(settings.seed);
  for (int i = 0; i < settings.count; ++i) {
    INTERTIE_ASSIGN(std::vector<float> logits, model.next_logits(text));
    if (settings.vocabulary > 0) logits.resize(std::min(logits.size(), static_cast<std::size_t>(settings.vocabulary)));
    text.push_back(draw_token(logits, settings, random.uniform()));
  }
  text.erase(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(prompt.size()));
  return text;
}

}  // namespace intertie::train
