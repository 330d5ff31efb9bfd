// The JSON header of a safetensors file: from text to entries, in one pass and without a tree in memory, so that a hostile
// header costs no more than its own length. Used by safetensors.cpp only. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"

namespace intertie::checkpoint {

// As written; nothing is checked yet but the form.
struct HeaderEntry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t first = 0, last = 0;  // bytes of the data part
};

struct Header {
  std::vector<HeaderEntry> entries;
  std::map<std::string, std::string> metadata;
};

// Errors: reconfigure, without a place.
Result<Header> parse_header(std::string_view json);

// Bytes of one element; 0 for a name that the format does not have.
std::uint64_t dtype_size(std::string_view dtype);

}  // namespace intertie::checkpoint
