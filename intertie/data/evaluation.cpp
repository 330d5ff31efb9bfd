#include "intertie/data/evaluation.h"

#include <algorithm>

namespace intertie::data {

Result<EvaluationWindows> EvaluationWindows::make(Tokens tokens, int length, int sequences, int num_batches,
                                                  std::uint64_t seed) {
  INTERTIE_CHECK_LT(0, sequences);
  Result<Sampler> sampler = Sampler::make(tokens, length, seed);
  if (!sampler) {
    Error error = sampler.error();
    error.what = "of the held-out part, " + error.what;
    return error;
  }
  const std::uint64_t drawn = static_cast<std::uint64_t>(num_batches) * static_cast<std::uint64_t>(sequences);
  if (drawn >= sampler->samples_per_pass()) num_batches = 0;
  return EvaluationWindows(std::move(tokens), *std::move(sampler), length, sequences, num_batches);
}

std::uint64_t EvaluationWindows::num_windows() const { return (tokens_.size() - 1) / static_cast<std::uint64_t>(length_); }

std::uint64_t EvaluationWindows::num_batches() const {
  const auto sequences = static_cast<std::uint64_t>(sequences_);
  return drawn_ > 0 ? static_cast<std::uint64_t>(drawn_) : (num_windows() + sequences - 1) / sequences;
}

Batch EvaluationWindows::batch(std::uint64_t index) const {
  INTERTIE_CHECK_LT(index, num_batches());
  const std::uint64_t first = index * static_cast<std::uint64_t>(sequences_);
  if (drawn_ > 0) return sampler_.batch(first, sequences_);
  const auto count = static_cast<int>(std::min<std::uint64_t>(static_cast<std::uint64_t>(sequences_), num_windows() - first));
  const std::size_t row = static_cast<std::size_t>(length_) + 1;
  Batch batch{
      .sequences = count, .length = length_, .tokens = std::vector<std::uint16_t>(row * static_cast<std::size_t>(count))};
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    tokens_.copy((first + i) * static_cast<std::uint64_t>(length_), std::span(batch.tokens).subspan(i * row, row));
  }
  return batch;
}

}  // namespace intertie::data
