// Revoked certificates: ca.crl, a list (X.509 CRL) that the run's authority signs and that lies beside ca.pem wherever that
// does. Where there is none, nothing is revoked. The first certificate that is revoked makes it; each later one is added to it.
// Any thread; calls block on the disk.
//
//   INTERTIE_ASSIGN(std::string path, revoke("certificates", {"three-states", "site", "ashburn"}));
#pragma once

#include <string>

#include "intertie/env/real/certificates.h"
#include "intertie/env/real/openssl_handles.h"

namespace intertie::env::real {

// Puts the certificate that `folder` holds of `identity` on the list. Needs the authority's key. Returns the list's path. One
// that is on it already changes nothing.
Result<std::string> revoke(const std::string& folder, const Identity& identity);

// The list in `path`. Errors (reconfigure): not a list in PEM form, or not signed by this authority.
Result<CrlHandle> load_revoked(const std::string& path, X509& authority);

}  // namespace intertie::env::real
