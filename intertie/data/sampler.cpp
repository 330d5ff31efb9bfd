#include "intertie/data/sampler.h"

#include <algorithm>
#include <bit>

#include "intertie/env/random.h"

namespace intertie::data {

std::uint64_t permute(std::uint64_t index, std::uint64_t size, std::uint64_t key) {
  INTERTIE_CHECK_LT(index, size);
  const int half = std::max(1, (static_cast<int>(std::bit_width(size - 1)) + 1) / 2);  // bits of each side
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  do {
    std::uint64_t left = index >> half;
    std::uint64_t right = index & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t next = left ^ (env::mix(key + env::mix((right << 2) | round)) & mask);
      left = right;
      right = next;
    }
    index = (left << half) | right;
  } while (index >= size);
  return index;
}

Sampler::Sampler(Tokens tokens, int length, std::uint64_t seed) : tokens_(std::move(tokens)), length_(length), seed_(seed) {
  const auto window = static_cast<std::uint64_t>(length_);
  const std::uint64_t targets = tokens_.size() - 1;
  // One window less than fits without a phase leaves room for every phase below `length`.
  windows_ = std::max<std::uint64_t>(1, (targets - (window - 1)) / window);
  phases_ = std::min(window, targets - windows_ * window + 1);
}

Result<Sampler> Sampler::make(Tokens tokens, int length, std::uint64_t seed) {
  INTERTIE_CHECK_LT(0, length);
  const std::uint64_t needed = static_cast<std::uint64_t>(length) + 1;
  if (tokens.size() < needed) {
    return Error{ErrorCode::reconfigure,
                 {},
                 "the text has " + std::to_string(tokens.size()) + " tokens, but one sample needs " + std::to_string(needed) +
                     " (sequence_length + 1)",
                 "use more text or a smaller sequence_length",
                 nullptr};
  }
  return Sampler(std::move(tokens), length, seed);
}

Result<void> Sampler::check_step(std::uint64_t sequences) const {
  if (sequences <= windows_) return {};
  return Error{ErrorCode::reconfigure,
               {},
               "the text of " + std::to_string(tokens_.size()) + " tokens gives " + std::to_string(windows_) +
                   " samples, but one step takes " + std::to_string(sequences),
               "use more text or a smaller batch",
               nullptr};
}

std::uint64_t Sampler::start_of(std::uint64_t sample) const {
  const env::Random pass_random = env::Random(seed_).fork(sample / windows_);
  const std::uint64_t phase = pass_random.fork(0).below(phases_);
  const std::uint64_t window = permute(sample % windows_, windows_, pass_random.fork(1).state());
  return phase + window * static_cast<std::uint64_t>(length_);
}

Batch Sampler::batch(std::uint64_t first, int count) const {
  const std::size_t row = static_cast<std::size_t>(length_) + 1;
  Batch batch{
      .sequences = count, .length = length_, .tokens = std::vector<std::uint16_t>(row * static_cast<std::size_t>(count))};
  for (int i = 0; i < count; ++i) {
    const auto k = static_cast<std::uint64_t>(i);
    tokens_.copy(start_of(first + k), std::span(batch.tokens).subspan(k * row, row));
  }
  return batch;
}

}  // namespace intertie::data
