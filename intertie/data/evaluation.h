// Evaluation windows: the held-out samples of an evaluation, the same at every evaluation, every site and every machine.
// Immutable; any thread.
#pragma once

#include <cstdint>

#include "intertie/base/result.h"
#include "intertie/data/batch.h"
#include "intertie/data/sampler.h"
#include "intertie/data/tokens.h"

namespace intertie::data {

class EvaluationWindows {
 public:
  // `num_batches` of `sequences` windows drawn by `seed`, or, with 0 batches (or as many as there are windows), all windows in
  // order; the last batch of these may be smaller. Error: fewer than length + 1 tokens.
  static Result<EvaluationWindows> make(Tokens tokens, int length, int sequences, int num_batches, std::uint64_t seed);

  std::uint64_t num_batches() const;
  Batch batch(std::uint64_t index) const;

 private:
  EvaluationWindows(Tokens tokens, Sampler sampler, int length, int sequences, int drawn)
      : tokens_(std::move(tokens)), sampler_(std::move(sampler)), length_(length), sequences_(sequences), drawn_(drawn) {}
  std::uint64_t num_windows() const;

  Tokens tokens_;
  Sampler sampler_;
  int length_;
  int sequences_;
  int drawn_;  // batches drawn; 0: all windows in order
};

}  // namespace intertie::data
