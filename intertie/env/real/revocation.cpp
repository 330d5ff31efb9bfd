#include "intertie/env/real/revocation.h"

#include <fmt/format.h>

#include "intertie/env/real/authority.h"
#include "intertie/env/real/posix_disk.h"

namespace intertie::env::real {
namespace {

constexpr std::time_t kHour = 3600;  // as certificates: others' clocks may differ

Error wrong_list(const std::string& where, std::string what, std::string fix) {
  ERR_clear_error();
  return Error{.code = ErrorCode::reconfigure, .where = where, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

CrlHandle new_list(const Authority& authority) {
  CrlHandle made(X509_CRL_new());
  INTERTIE_CHECK_EQ(X509_CRL_set_version(made.get(), X509_CRL_VERSION_2), 1);
  INTERTIE_CHECK_EQ(X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(authority.certificate.get())), 1);
  // It holds until there is another: what is revoked stays so as long as the authority is one.
  INTERTIE_CHECK_EQ(X509_CRL_set1_nextUpdate(made.get(), X509_get0_notAfter(authority.certificate.get())), 1);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, authority.certificate.get(), nullptr, nullptr, made.get(), 0);
  const ExtensionHandle key(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  INTERTIE_CHECK(key != nullptr);
  INTERTIE_CHECK_EQ(X509_CRL_add_ext(made.get(), key.get(), -1), 1);
  return made;
}

void add(X509_CRL& list, const X509& certificate) {
  RevokedHandle entry(X509_REVOKED_new());
  const TimeHandle now(X509_gmtime_adj(nullptr, 0));
  ASN1_INTEGER* serial =
      X509_get_serialNumber(const_cast<X509*>(&certificate));  // OpenSSL 3.0 has no const variant that copies
  INTERTIE_CHECK_EQ(X509_REVOKED_set_serialNumber(entry.get(), serial), 1);
  INTERTIE_CHECK_EQ(X509_REVOKED_set_revocationDate(entry.get(), now.get()), 1);
  INTERTIE_CHECK_EQ(X509_CRL_add0_revoked(&list, entry.get()), 1);
  static_cast<void>(entry.release());  // the list's now
}

// Dates it, counts it (RFC 5280, 5.2.3) and signs it.
void sign(X509_CRL& list, EVP_PKEY& key) {
  const TimeHandle from(X509_gmtime_adj(nullptr, -kHour));
  INTERTIE_CHECK_EQ(X509_CRL_set1_lastUpdate(&list, from.get()), 1);
  const IntegerHandle before(static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(&list, NID_crl_number, nullptr, nullptr)));
  const IntegerHandle number(ASN1_INTEGER_new());
  INTERTIE_CHECK_EQ(ASN1_INTEGER_set(number.get(), before ? ASN1_INTEGER_get(before.get()) + 1 : 1), 1);
  INTERTIE_CHECK_EQ(X509_CRL_add1_ext_i2d(&list, NID_crl_number, number.get(), 0, X509V3_ADD_REPLACE), 1);
  INTERTIE_CHECK_EQ(X509_CRL_sort(&list), 1);
  INTERTIE_CHECK(X509_CRL_sign(&list, &key, EVP_sha256()) > 0);
}

}  // namespace

Result<CrlHandle> load_revoked(const std::string& path, X509& authority) {
  INTERTIE_ASSIGN(CrlHandle list, load_crl(path));
  if (X509_CRL_verify(list.get(), X509_get0_pubkey(&authority)) == 1) return list;
  return wrong_list(path, "this list of revoked certificates was not signed by the authority in ca.pem",
                    "copy ca.pem and ca.crl together from the machine where ca.key is");
}

Result<std::string> revoke(const std::string& folder, const Identity& identity) {
  const TlsFiles files = tls_files(folder, identity.name);
  INTERTIE_ASSIGN(const Authority authority, load_authority(folder, identity.run));
  INTERTIE_ASSIGN(const CertificateHandle certificate, load_certificate(files.certificate));
  const bool ours = X509_verify(certificate.get(), authority.key.get()) == 1 && identity_of(*certificate) == identity;
  if (!ours) {
    return wrong_list(files.certificate,
                      fmt::format("it is no certificate of {} {} that this authority signed", identity.role, identity.name),
                      "put the certificate that is to be revoked there");
  }
  CrlHandle list;
  if (PosixDisk().exists(files.revoked)) {
    INTERTIE_ASSIGN(list, load_revoked(files.revoked, *authority.certificate));
  } else {
    list = new_list(authority);
  }
  X509_REVOKED* known = nullptr;
  if (X509_CRL_get0_by_cert(list.get(), &known, certificate.get()) != 0) return files.revoked;
  add(*list, *certificate);
  sign(*list, *authority.key);
  INTERTIE_RETURN_IF_ERROR(save_crl(files.revoked, *list));
  return files.revoked;
}

}  // namespace intertie::env::real
