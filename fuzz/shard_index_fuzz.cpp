// Any bytes as a shard index: refused, or a value that is written and read back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "intertie/base/check.h"
#include "intertie/data/shards.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
  const auto index = intertie::data::shard_index_from(text);
  if (!index) return 0;
  const auto again = intertie::data::shard_index_from(intertie::data::to_json(*index));
  INTERTIE_CHECK(again);
  INTERTIE_CHECK(*again == *index);
  return 0;
}
