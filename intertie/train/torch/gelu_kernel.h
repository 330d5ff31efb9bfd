// GELU in its tanh form (Hendrycks and Gimpel 1606.08415, as GPT-2 uses it) and its derivative in one pass, vectorised with
// Highway and chosen at run time for the machine's widest vectors. Why not torch's: it takes a tanh forward and another one
// backward, which together are a tenth of a small model's step; here one exponential gives both. Used by gelu.cpp. Pure; any
// thread.
#pragma once

#include <cstddef>

namespace intertie::train {

// y[i] = gelu(x[i]), slope[i] = gelu'(x[i]), both within 2e-6 of the exact value (relative to max(1, |x|)).
void gelu_with_slope(const float* x, float* y, float* slope, std::size_t size);

}  // namespace intertie::train
