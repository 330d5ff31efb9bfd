// Contributions that are made up: a function of (seed, site, element), so that every site knows what the sum must be.
// Pure; any thread.
#pragma once

#include <span>

#include "intertie/base/ids.h"

namespace intertie::trial {

// Elements from `first` on: numbers between -1 and 1, uniform.
void make_up(std::uint64_t seed, SiteId site, std::uint64_t first, std::span<float> values);

}  // namespace intertie::trial
