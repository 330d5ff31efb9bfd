// Sampler: sample k of a run is a function of (seed, k) alone, so the same samples are drawn whatever the number of sites
// (docs/protocol.md rule 19). A pass over the data is a permutation of its windows of `length` tokens, offset by a phase that
// is drawn anew for each pass; within a pass no token is predicted twice. Resumable by construction: the cursor is k.
// Immutable; any thread.
#pragma once

#include <cstdint>

#include "intertie/base/result.h"
#include "intertie/data/batch.h"
#include "intertie/data/tokens.h"

namespace intertie::data {

class Sampler {
 public:
  // Needs at least length + 1 tokens, else an error that says both numbers. (A span converts to borrowed Tokens.)
  static Result<Sampler> make(Tokens tokens, int length, std::uint64_t seed);

  // Samples [first, first + count) as rows of a batch.
  Batch batch(std::uint64_t first, int count) const;
  std::uint64_t samples_per_pass() const { return windows_; }
  // Error if one step of `sequences` samples (all sites together) is more than a pass holds; says both numbers.
  Result<void> check_step(std::uint64_t sequences) const;

 private:
  Sampler(Tokens tokens, int length, std::uint64_t seed);
  std::uint64_t start_of(std::uint64_t sample) const;

  Tokens tokens_;
  int length_;
  std::uint64_t seed_;
  std::uint64_t windows_;  // of a pass; the same for every phase
  std::uint64_t phases_;   // phases are 0 .. phases_ - 1
};

// A bijection of [0, size) chosen by `key`: a four-round Feistel network over the next even power of two, walked until it lands
// inside (fewer than 4 rounds of walking on average). `index` < `size`.
std::uint64_t permute(std::uint64_t index, std::uint64_t size, std::uint64_t key);

}  // namespace intertie::data
