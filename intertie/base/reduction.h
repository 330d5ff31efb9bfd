// The one fixed-order reduction: sums of squares (and dot products) that give the same bits on every machine.
//
// f64; 16 interleaved accumulators per block of 4,096 elements (element i goes to accumulator i mod 16); the 16 are added by a
// fixed tree ((0+8)+(4+12))+..., halving: a[i] += a[i+8], then +4, +2, +1; block sums are added in block order. No fused
// multiply-add, whatever the vector width (docs/protocol.md rule 7). A result that is not a number is the one default NaN. Used
// for norms, clipping and radial-directional averaging. Pure; any thread.
#pragma once

#include <span>

namespace intertie {

double sum_of_squares(std::span<const float> values);
double dot_product(std::span<const float> a, std::span<const float> b);  // equal sizes

// True if every value is finite.
bool all_finite(std::span<const float> values);

// The same in plain scalar code: the definition that the vector code is tested against.
namespace reference {
double dot_product(std::span<const float> a, std::span<const float> b);
bool all_finite(std::span<const float> values);
}  // namespace reference

}  // namespace intertie
