#include "intertie/base/encoding.h"

namespace intertie {

const char* to_string(Encoding encoding) {
  switch (encoding) {
    case Encoding::f32: return "f32";
    case Encoding::bf16: return "bf16";
  }
  return "unknown";
}

std::optional<Encoding> encoding_from(std::string_view name) {
  if (name == "f32") return Encoding::f32;
  if (name == "bf16") return Encoding::bf16;
  return std::nullopt;
}

}  // namespace intertie
