#include "intertie/env/real/tls_context.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "intertie/env/real/pem.h"
#include "intertie/env/real/revocation.h"

namespace intertie::env::real {
namespace {

constexpr const char* kReissue = "make a new certificate with 'intertie ca --renew', and check the clocks of both machines";
constexpr const char* kOneAuthority =
    "give every site a certificate of one and the same authority, and that authority's ca.pem";

Error tls_refusal(const std::string& path, std::string what, std::string fix) {
  ERR_clear_error();
  return Error{.code = ErrorCode::reconfigure, .where = path, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

// The authority, and what it has revoked (null: nothing).
StoreHandle trust(X509& authority, X509_CRL* revoked) {
  StoreHandle store(X509_STORE_new());
  INTERTIE_CHECK_EQ(X509_STORE_add_cert(store.get(), &authority), 1);
  if (revoked == nullptr) return store;
  INTERTIE_CHECK_EQ(X509_STORE_add_crl(store.get(), revoked), 1);
  INTERTIE_CHECK_EQ(X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK), 1);
  return store;
}

// Whether others will accept what we are about to show them.
Result<void> check_own(X509& certificate, X509_STORE& trusted, const TlsFiles& files, const std::string& run,
                       const Expected& self) {
  if (const auto fault = identity_fault(certificate, run, self)) return tls_refusal(files.certificate, fault->what, fault->fix);
  const StoreContextHandle context(X509_STORE_CTX_new());
  INTERTIE_CHECK_EQ(X509_STORE_CTX_init(context.get(), &trusted, &certificate, nullptr), 1);
  if (X509_verify_cert(context.get()) == 1) return {};
  const int code = X509_STORE_CTX_get_error(context.get());
  const CertificateFault fault = certificate_fault(code, X509_STORE_CTX_get_current_cert(context.get()), run);
  return tls_refusal(files.certificate, fault.what, fault.fix);
}

ContextHandle new_context(X509& certificate, EVP_PKEY& key, StoreHandle trusted) {
  ContextHandle context(SSL_CTX_new(TLS_method()));
  SSL_CTX* raw = context.get();
  INTERTIE_CHECK_EQ(SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION), 1);
  INTERTIE_CHECK_EQ(SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION), 1);
  INTERTIE_CHECK_EQ(SSL_CTX_set_ciphersuites(raw, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"),
                    1);
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  INTERTIE_CHECK_EQ(SSL_CTX_set_num_tickets(raw, 0), 1);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  INTERTIE_CHECK_EQ(SSL_CTX_set_max_early_data(raw, 0), 1);
  SSL_CTX_set_mode(raw, SSL_MODE_NO_AUTO_CHAIN);  // the other side has the authority's certificate, or must not accept ours
  INTERTIE_CHECK_EQ(SSL_CTX_use_certificate(raw, &certificate), 1);
  INTERTIE_CHECK_EQ(SSL_CTX_use_PrivateKey(raw, &key), 1);
  SSL_CTX_set_cert_store(raw, trusted.release());
  SSL_CTX_set_verify_depth(raw, 1);
  return context;
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::load(const TlsFiles& files, const std::string& run, const std::string& name,
                                                     const std::string& role) {
  INTERTIE_ASSIGN(CertificateHandle authority, load_certificate(files.ca));
  INTERTIE_ASSIGN(const CertificateHandle certificate, load_certificate(files.certificate));
  INTERTIE_ASSIGN(const KeyHandle key, load_key(files.key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return tls_refusal(files.key, "not the key of the certificate " + files.certificate,
                       "use the two files that were issued together");
  std::unique_ptr<TlsContext> made(new TlsContext(std::move(authority), files, run));
  INTERTIE_RETURN_IF_ERROR(made->read_revoked());
  StoreHandle trusted = trust(*made->authority_, made->list_.get());
  INTERTIE_RETURN_IF_ERROR(check_own(*certificate, *trusted, files, run, {.role = role, .name = name}));
  made->context_ = new_context(*certificate, *key, std::move(trusted));
  return made;
}

std::optional<TlsContext::Stamp> TlsContext::stamp_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{.changed = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
               .number = status.st_ino,
               .size = status.st_size};
}

Result<void> TlsContext::read_revoked() {
  const auto stamp = stamp_of(revoked_);
  if (!stamp) return {};  // a list that is gone stays in force
  INTERTIE_ASSIGN(list_, load_revoked(revoked_, *authority_));
  read_ = stamp;
  return {};
}

Result<void> TlsContext::look_at_revoked() {
  const auto before = read_;
  if (const auto stamp = stamp_of(revoked_); !stamp || stamp == before) return {};
  if (const Result<void> done = read_revoked(); !done) {
    Error error = done.error();
    error.code = ErrorCode::retry;  // it may be in the middle of being copied
    return error;
  }
  SSL_CTX_set_cert_store(context_.get(), trust(*authority_, list_.get()).release());
  return {};
}

CertificateFault certificate_fault(int code, const X509* certificate, const std::string& our_run) {
  const auto identity = certificate != nullptr ? identity_of(*certificate) : std::nullopt;
  const std::string whose = identity ? fmt::format(" of {} {}", identity->role, identity->name) : "";
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {fmt::format("the certificate{} expired on {}", whose, time_text(X509_get0_notAfter(certificate))), kReissue};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {fmt::format("the certificate{} is not valid before {}", whose, time_text(X509_get0_notBefore(certificate))),
              kReissue};
    case X509_V_ERR_CERT_REVOKED:
      return {fmt::format("the certificate{} was revoked", whose),
              "give it the new one that 'intertie ca --revoke' or 'intertie ca --renew' made"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      if (identity && identity->run != our_run) break;
      return {fmt::format("the certificate{} was issued by an authority that is not this run's", whose), kOneAuthority};
    default:
      return {fmt::format("the certificate{} is not accepted: {}", whose, X509_verify_cert_error_string(code)), kOneAuthority};
  }
  return {fmt::format("the certificate{} is of run '{}', not of '{}'", whose, identity->run, our_run),
          "use this run's certificates, or correct the run's name or the address"};
}

std::optional<CertificateFault> identity_fault(const X509& certificate, const std::string& run, const Expected& expected) {
  const auto identity = identity_of(certificate);
  if (!identity) return CertificateFault{"the certificate names no run, role and site", "make it with 'intertie ca'"};
  if (identity->run != run) {
    return CertificateFault{fmt::format("the certificate is of run '{}', not of '{}'", identity->run, run),
                            "use this run's certificates, or correct the run's name or the address"};
  }
  if (expected.visitors && is_visitor(identity->role)) return std::nullopt;
  if (identity->role != expected.role) {
    const std::string article = expected.role == kOperatorRole ? "an" : "a";
    return CertificateFault{
        fmt::format("the certificate is for role '{}', not for {} {}", identity->role, article, expected.role),
        fmt::format("use a certificate that was issued to {} {}", article, expected.role)};
  }
  if (!expected.name.empty() && identity->name != expected.name) {
    return CertificateFault{
        fmt::format("the certificate is of {} '{}', not of '{}'", identity->role, identity->name, expected.name),
        "check the addresses of the sites in the run file, and which files each site was given"};
  }
  return std::nullopt;
}

}  // namespace intertie::env::real
