// The run's authority with its key, for whatever it signs. For this folder's sources.
#pragma once

#include <string>

#include "intertie/env/real/openssl_handles.h"
#include "intertie/env/real/pem.h"

namespace intertie::env::real {

struct Authority {
  CertificateHandle certificate;
  KeyHandle key;
};

// ca.pem and ca.key of `folder`. Errors (reconfigure): not there, of another run, or they do not belong together.
Result<Authority> load_authority(const std::string& folder, const std::string& run);

}  // namespace intertie::env::real
