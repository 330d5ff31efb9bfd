// Any bytes as JSON: refused in a short line, or the same after writing and reading.
#include "intertie/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = intertie::parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) {
    INTERTIE_CHECK_LT(json.error().what.size(), 500U);
    INTERTIE_CHECK(json.error().what.find('\n') == std::string::npos);
    return 0;
  }
  const auto again = intertie::parse_json(json->dump());
  INTERTIE_CHECK(again);
  INTERTIE_CHECK(*again == *json);
  return 0;
}
