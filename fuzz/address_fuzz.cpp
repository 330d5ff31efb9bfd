// Addresses as people write them: whatever is accepted is written back as the same address.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "intertie/base/check.h"
#include "intertie/env/network.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie::env;
  const auto parsed = parse_address({reinterpret_cast<const char*>(data), size});
  if (!parsed) {
    INTERTIE_CHECK_LT(parsed.error().message().size(), 400u);
    return 0;
  }
  const auto again = parse_address(to_string(*parsed));
  INTERTIE_CHECK(again && *again == *parsed);
  return 0;
}
