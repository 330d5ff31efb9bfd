// Certificate files and lists of revoked ones that someone hands us, and the names inside certificates.
#include <cstddef>
#include <cstdint>
#include <string>

#include "intertie/base/check.h"
#include "intertie/env/real/certificates.h"
#include "intertie/env/real/pem.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie::env::real;
  const auto facts = describe_certificate(std::as_bytes(std::span(data, size)), "input.pem");
  if (facts) INTERTIE_CHECK(identity_from_uri(to_uri(facts->identity)) == facts->identity);
  if (const auto list = crl_from_pem(std::as_bytes(std::span(data, size)), "input.crl")) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(list->get()), 0);
    INTERTIE_CHECK(entry == nullptr || X509_REVOKED_get0_serialNumber(entry) != nullptr);
  }
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto identity = identity_from_uri(text)) INTERTIE_CHECK_EQ(to_uri(*identity), text);
  return 0;
}
