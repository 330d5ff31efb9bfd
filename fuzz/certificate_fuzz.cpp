// Certificate files that someone hands us, and the names inside certificates.
#include <cstddef>
#include <cstdint>
#include <string>

#include "intertie/base/check.h"
#include "intertie/env/real/certificates.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie::env::real;
  const auto facts = describe_certificate(std::as_bytes(std::span(data, size)), "input.pem");
  if (facts) INTERTIE_CHECK(identity_from_uri(to_uri(facts->identity)) == facts->identity);
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto identity = identity_from_uri(text)) INTERTIE_CHECK_EQ(to_uri(*identity), text);
  return 0;
}
