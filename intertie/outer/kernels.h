// The loops of optimiser.h without its checks, vectorised with Highway and chosen at run time for the machine's widest vectors.
// `size` is rounded down to whole vectors by each kernel, which returns how many elements it did; the caller does the rest
// with the scalar twins. Used by optimiser.cpp only. Pure; any thread.
#pragma once

#include <cstddef>

namespace intertie::outer {

// What a step of AdamW multiplies and adds, each rounded to f32 once.
struct AdamWFactors {
  float gradient_scale, keep, one_minus_beta1, beta2, one_minus_beta2, inverse_sqrt_correction2, epsilon, step_size;
};

std::size_t sgd_vectors(float* anchor, const float* gradient, std::size_t size, float lr);
std::size_t nesterov_vectors(float* anchor, float* momentum, const float* gradient, std::size_t size, float lr, float mu);
std::size_t adamw_vectors(float* p, float* m, float* v, const float* gradient, std::size_t size, const AdamWFactors& factors);

}  // namespace intertie::outer
