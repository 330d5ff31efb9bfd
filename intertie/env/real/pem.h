// Reading and writing certificates and keys as PEM files, and what a certificate says. For this folder's sources.
#pragma once

#include <span>
#include <string>

#include "intertie/env/real/certificates.h"
#include "intertie/env/real/openssl_handles.h"

namespace intertie::env::real {

Result<CertificateHandle> certificate_from_pem(std::span<const std::byte> pem, const std::string& path);
Result<CertificateHandle> load_certificate(const std::string& path);
Result<KeyHandle> load_key(const std::string& path);
Result<CrlHandle> crl_from_pem(std::span<const std::byte> pem, const std::string& path);
Result<CrlHandle> load_crl(const std::string& path);
Result<void> save_certificate(const std::string& path, X509& certificate);
Result<void> save_key(const std::string& path, EVP_PKEY& key);
Result<void> save_crl(const std::string& path, X509_CRL& list);

// From the subject alternative name; nothing if it has no URI of ours.
std::optional<Identity> identity_of(const X509& certificate);
// "2027-03-01 12:00 UTC".
std::string time_text(const ASN1_TIME* time);

}  // namespace intertie::env::real
