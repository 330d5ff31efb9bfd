#include "intertie/env/real/authority.h"

#include <fmt/format.h>

namespace intertie::env::real {
namespace {

Error wrong_authority(std::string where, std::string what, std::string fix) {
  ERR_clear_error();
  return Error{
      .code = ErrorCode::reconfigure, .where = std::move(where), .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

}  // namespace

Result<Authority> load_authority(const std::string& folder, const std::string& run) {
  const TlsFiles files = tls_files(folder, "ca");
  INTERTIE_ASSIGN(CertificateHandle certificate, load_certificate(files.ca));
  INTERTIE_ASSIGN(KeyHandle key, load_key(files.key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return wrong_authority(files.key, "not the key of the authority in ca.pem", "put back the key that was made with it");
  const auto identity = identity_of(*certificate);
  if (!identity) return wrong_authority(files.ca, "the certificate names no run, role and site", "make it with 'intertie ca'");
  if (*identity != Identity{run, kAuthorityRole, run}) {
    return wrong_authority(files.ca, fmt::format("it is the authority of run '{}', not of '{}'", identity->run, run),
                           "use another folder for this run");
  }
  return Authority{std::move(certificate), std::move(key)};
}

}  // namespace intertie::env::real
