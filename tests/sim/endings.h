// Endings: whether a site may end as it did, by what docs/protocol.md promises and what a person asked for. For the workloads.
#pragma once

#include <string>

#include "tests/sim/strikes.h"

namespace intertie::tests {

// The run goes on at a member other than `site`.
bool goes_on_without(ToyWorld& world, std::size_t site);

// What is wrong with the end to which `site` has come just now; empty: nothing.
std::string what_ends_it(ToyWorld& world, const Strikes& strikes, std::size_t site);

}  // namespace intertie::tests
