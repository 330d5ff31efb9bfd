#include "intertie/base/encoding.h"

namespace intertie {

const char* to_string(Encoding encoding) {
  switch (encoding) {
    case Encoding::f32: return "f32";
    case Encoding::bf16: return "bf16";
    case Encoding::int8: return "int8";
    case Encoding::fp4: return "fp4";
  }
  return "unknown";
}

std::optional<Encoding> encoding_from(std::string_view name) {
  for (const Encoding encoding : kEncodings) {
    if (name == to_string(encoding)) return encoding;
  }
  return std::nullopt;
}

}  // namespace intertie
