// Tensor files: any bytes are refused with a reason, or their tensors lie side by side within them and fill their shapes.
#include <cstdint>
#include <set>

#include "intertie/base/check.h"
#include "intertie/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  const auto file = std::as_bytes(std::span(data, size));
  const auto content = checkpoint::parse_safetensors(file);
  if (!content) {
    INTERTIE_CHECK(!content.error().what.empty());
    return 0;
  }
  std::set<std::string> names;
  std::size_t total = 0;
  for (const checkpoint::Tensor& tensor : content->tensors) {
    INTERTIE_CHECK(names.insert(tensor.name).second);
    if (!tensor.bytes.empty()) INTERTIE_CHECK(&tensor.bytes.front() >= &file.front() && &tensor.bytes.back() <= &file.back());
    total += tensor.bytes.size();
  }
  INTERTIE_CHECK_LE(total + 8, size);
  return 0;
}
