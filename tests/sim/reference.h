// The methods in the plainest code: one process, no network, no chunks, scalar loops in the order that docs/protocol.md gives.
// What the stack computes is compared with this bit for bit.
#pragma once

#include <vector>

#include "tests/sim/toy_world.h"

namespace intertie::tests {

// Where a run stands after a version.
struct ReferenceState {
  std::vector<float> anchor;
  std::vector<float> momentum;
  std::uint64_t next_sample = 0;
  std::uint64_t tokens = 0;  // counted, in sequences
};

class Reference {
 public:
  explicit Reference(const ToyOptions& options);
  ~Reference();
  ReferenceState initial() const;
  bool complete(const ReferenceState& state) const;
  // The version that `members` made and that contains the contributions of `set`, both in site order.
  ReferenceState next(const ReferenceState& state, const std::vector<SiteId>& members, const std::vector<SiteId>& set) const;

 private:
  struct Model;
  ToyOptions options_;
  std::unique_ptr<Model> model_;
};

// Parameters after every version of a run that nothing disturbs, index 0 being the initial ones.
std::vector<std::vector<float>> reference_run(const ToyOptions& options);

}  // namespace intertie::tests
