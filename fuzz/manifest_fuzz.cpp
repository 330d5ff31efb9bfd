// Manifests of checkpoints: any bytes are refused with a reason, or give a manifest that is written and read again unchanged.
#include <cstdint>

#include "intertie/base/check.h"
#include "intertie/checkpoint/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  const auto manifest = checkpoint::parse_manifest(std::as_bytes(std::span(data, size)));
  if (!manifest) {
    INTERTIE_CHECK(!manifest.error().what.empty());
    return 0;
  }
  const std::string json = checkpoint::to_json(*manifest);
  const auto again = checkpoint::parse_manifest(std::as_bytes(std::span(json)));
  INTERTIE_CHECK(again);
  INTERTIE_CHECK_EQ(checkpoint::to_json(*again), json);
  return 0;
}
