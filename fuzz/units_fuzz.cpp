// Quantities of a run file: any text gives a value that can be written and read again, or one line that says what is wrong.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "intertie/base/check.h"
#include "intertie/base/units.h"

namespace {

using namespace intertie;

template <class T>
bool refused(const Result<T>& result) {
  if (result) return false;
  INTERTIE_CHECK(!result.error().what.empty());
  INTERTIE_CHECK(result.error().message().find('\n') == std::string::npos);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rate = parse_bit_rate(text); !refused(rate)) {
    INTERTIE_CHECK(rate->bits_per_second >= 0 && std::isfinite(rate->bits_per_second));
    INTERTIE_CHECK(parse_bit_rate(to_string(*rate)));
  }
  if (const auto duration = parse_duration(text); !refused(duration)) INTERTIE_CHECK(!to_string(*duration).empty());
  if (const auto bytes = parse_bytes(text); !refused(bytes)) INTERTIE_CHECK(!to_string(*bytes).empty());
  if (const auto power = parse_watts(text); !refused(power)) INTERTIE_CHECK(power->value >= 0);
  if (const auto count = parse_count(text); !refused(count)) INTERTIE_CHECK(!count_to_string(*count).empty());
  return 0;
}
