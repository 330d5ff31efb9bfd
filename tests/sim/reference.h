// The methods in the plainest code: one process, no network, no chunks, scalar loops in the order that docs/protocol.md gives.
// What the stack computes is compared with this bit for bit.
#pragma once

#include <vector>

#include "tests/sim/toy_world.h"

namespace intertie::tests {

// Parameters after every version of a run with f32 encodings, index 0 being the initial ones.
std::vector<std::vector<float>> reference_run(const ToyOptions& options);

}  // namespace intertie::tests
