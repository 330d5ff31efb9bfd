#include "intertie/env/real/pem.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <climits>

#include "intertie/env/real/posix_disk.h"

namespace intertie::env::real {
namespace {

constexpr std::size_t kLargestPem = 1 << 20;

Error bad_file(const std::string& path, std::string what, std::string fix) {
  ERR_clear_error();
  return Error{.code = ErrorCode::reconfigure, .where = path, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

Result<BioHandle> reader_of(std::span<const std::byte> pem, const std::string& path) {
  if (pem.size() > kLargestPem) return bad_file(path, "too large for a PEM file", "check the path");
  ERR_clear_error();
  return BioHandle(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Keys that need a pass phrase are not supported: a site has to start without a person.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Result<void> save(const std::string& path, BIO& pem, unsigned mode) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(&pem, &start);
  return write_file_atomically(path, std::as_bytes(std::span(start, static_cast<std::size_t>(size))), mode);
}

}  // namespace

Result<CertificateHandle> certificate_from_pem(std::span<const std::byte> pem, const std::string& path) {
  INTERTIE_ASSIGN(const BioHandle bio, reader_of(pem, path));
  CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!certificate) return bad_file(path, "not a certificate in PEM form", "make it with 'intertie ca', or check the path");
  return certificate;
}

Result<CertificateHandle> load_certificate(const std::string& path) {
  INTERTIE_ASSIGN(const std::vector<std::byte> pem, PosixDisk().read(path));
  return certificate_from_pem(pem, path);
}

Result<KeyHandle> load_key(const std::string& path) {
  INTERTIE_ASSIGN(const std::vector<std::byte> pem, PosixDisk().read(path));
  INTERTIE_ASSIGN(const BioHandle bio, reader_of(pem, path));
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key)
    return bad_file(path, "not a private key in PEM form without a pass phrase",
                    "make it with 'intertie ca', or check the path");
  return key;
}

Result<CrlHandle> crl_from_pem(std::span<const std::byte> pem, const std::string& path) {
  INTERTIE_ASSIGN(const BioHandle bio, reader_of(pem, path));
  CrlHandle list(PEM_read_bio_X509_CRL(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!list)
    return bad_file(path, "not a list of revoked certificates in PEM form", "copy it again from the machine where ca.key is");
  return list;
}

Result<CrlHandle> load_crl(const std::string& path) {
  INTERTIE_ASSIGN(const std::vector<std::byte> pem, PosixDisk().read(path));
  return crl_from_pem(pem, path);
}

Result<void> save_certificate(const std::string& path, X509& certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  INTERTIE_CHECK_EQ(PEM_write_bio_X509(bio.get(), &certificate), 1);
  return save(path, *bio, 0644);
}

Result<void> save_key(const std::string& path, EVP_PKEY& key) {
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  INTERTIE_CHECK_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr), 1);
  return save(path, *bio, 0600);
}

Result<void> save_crl(const std::string& path, X509_CRL& list) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  INTERTIE_CHECK_EQ(PEM_write_bio_X509_CRL(bio.get(), &list), 1);
  return save(path, *bio, 0644);
}

std::optional<Identity> identity_of(const X509& certificate) {
  const GeneralNamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const auto* start = reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri));
    if (auto identity = identity_from_uri(std::string(start, static_cast<std::size_t>(ASN1_STRING_length(uri)))))
      return identity;
  }
  ERR_clear_error();
  return std::nullopt;
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min);
}

}  // namespace intertie::env::real
