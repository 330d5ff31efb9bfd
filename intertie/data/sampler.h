// Sampler: sample k of a run is a function of (seed, k) alone, so the same samples are drawn whatever the number of sites
// (PROTOCOL.md rule 20). A pass over the data is a permutation of its windows of `length` tokens, offset by a phase that
// differs from pass to pass; within a pass no token is predicted twice. Resumable by construction: the cursor is k.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "intertie/base/result.h"
#include "intertie/data/batch.h"

namespace intertie::data {

class Sampler {
 public:
  // `tokens` must outlive the sampler; needs at least length + 1 of them, else an error that says both numbers.
  static Result<Sampler> make(std::span<const std::uint16_t> tokens, int length, std::uint64_t seed);

  // Samples [first, first + count) as rows of a batch.
  Batch batch(std::uint64_t first, int count) const;
  std::uint64_t samples_per_pass() const;

 private:
  Sampler(std::span<const std::uint16_t> tokens, int length, std::uint64_t seed)
      : tokens_(tokens), length_(length), seed_(seed) {}
  std::span<const std::uint16_t> tokens_;
  int length_;
  std::uint64_t seed_;
};

}  // namespace intertie::data
