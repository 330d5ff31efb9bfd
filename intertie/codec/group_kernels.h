// The loops of int8 and fp4 over whole groups of one block (groups.h), vectorised with Highway and chosen at run time for the
// machine's widest vectors. Encoded bytes need no alignment. Used by codec.cpp only. Pure; any thread.
#pragma once

#include <cstddef>

namespace intertie::codec {

struct EncodedGroups {
  const std::byte* scales;
  const std::byte* codes;
  std::size_t groups;
};

void encode_int8_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes);
void decode_int8_groups(const EncodedGroups& from, float* out);
void scale_int8_groups(const EncodedGroups& from, float weight, float* sum);
void add_scaled_int8_groups(const EncodedGroups& from, float weight, float* sum);

void encode_fp4_groups(const float* values, std::size_t groups, std::byte* scales, std::byte* codes);
void decode_fp4_groups(const EncodedGroups& from, float* out);
void scale_fp4_groups(const EncodedGroups& from, float weight, float* sum);
void add_scaled_fp4_groups(const EncodedGroups& from, float weight, float* sum);

}  // namespace intertie::codec
