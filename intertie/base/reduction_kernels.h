// The inner loops of reduction.h for one block, vectorised with Highway and chosen at run time for the machine's widest
// vectors. Used by reduction.cpp only. Pure; any thread.
#pragma once

#include <cstddef>

namespace intertie {

inline constexpr std::size_t kNumAccumulators = 16;

// sums[k] = the sum, in order, of a[i] * b[i] over the i with i mod 16 = k; `size` is a multiple of 16.
void accumulate_products(const float* a, const float* b, std::size_t size, double* sums);

// The highest bit pattern without its sign: below 0x7f800000 if all are finite. `size` is a multiple of 16.
bool stretch_finite(const float* values, std::size_t size);

}  // namespace intertie
