// Blocks: every edge that a fragment is cut at (shard, lane, chunk, bucket) is a block edge.
#pragma once

#include <algorithm>
#include <cstdint>

#include "intertie/base/ids.h"

namespace intertie {

inline constexpr std::uint64_t kBlockElements = 4096;

// Elements [first, last) of a flat tensor or fragment, in canonical order.
struct ElementRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size() const { return last - first; }
  friend bool operator==(const ElementRange&, const ElementRange&) = default;
};

// Blocks [first, last) of a fragment.
struct BlockRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t size() const { return last - first; }
  bool empty() const { return first >= last; }
  friend auto operator<=>(const BlockRange&, const BlockRange&) = default;
};

inline std::uint32_t blocks_of(std::uint64_t elements) {
  return static_cast<std::uint32_t>((elements + kBlockElements - 1) / kBlockElements);
}

// The elements of `blocks` in a fragment of `elements` elements (its last block may be short).
inline ElementRange elements_of(const BlockRange& blocks, std::uint64_t elements) {
  return {std::min(elements, blocks.first * kBlockElements), std::min(elements, blocks.last * kBlockElements)};
}

}  // namespace intertie
