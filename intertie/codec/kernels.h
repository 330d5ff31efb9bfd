// The loops of codec.h, vectorised with Highway and chosen at run time for the machine's widest vectors. Each does as many
// whole vectors as fit in `size` elements and returns how many elements that were; the caller does the rest with the scalar
// twins. Encoded bytes need no alignment. Used by codec.cpp only. Pure; any thread.
#pragma once

#include <cstddef>

namespace intertie::codec {

std::size_t encode_bf16_vectors(const float* values, std::size_t size, std::byte* out);
std::size_t decode_bf16_vectors(const std::byte* bytes, std::size_t size, float* out);

std::size_t scale_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum);
std::size_t add_scaled_f32_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum);
std::size_t scale_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum);
std::size_t add_scaled_bf16_vectors(const std::byte* bytes, std::size_t size, float weight, float* sum);

}  // namespace intertie::codec
