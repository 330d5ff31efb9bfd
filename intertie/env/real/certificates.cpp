#include "intertie/env/real/certificates.h"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "intertie/env/real/authority.h"
#include "intertie/env/real/pem.h"
#include "intertie/env/real/posix_disk.h"

namespace intertie::env::real {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

constexpr hours kYear{365 * 24};
constexpr std::string_view kScheme = "intertie://";
constexpr std::size_t kLongestName = 63;

Error refusal(std::string where, std::string what, std::string fix) {
  return Error{
      .code = ErrorCode::reconfigure, .where = std::move(where), .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

bool may_stand_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), may_stand_in_name);
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  INTERTIE_CHECK(extension != nullptr);
  INTERTIE_CHECK_EQ(X509_add_ext(&certificate, extension.get(), -1), 1);
}

void set_random_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  INTERTIE_CHECK_EQ(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())), 1);
  bytes[0] &= 0x7f;  // positive, and 16 bytes at most
  bytes[0] |= 0x40;
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  INTERTIE_CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr);
  BN_free(number);
}

void set_common_name(X509& certificate, const std::string& text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  INTERTIE_CHECK_EQ(X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8, bytes,
                                               static_cast<int>(text.size()), -1, 0),
                    1);
}

void set_validity(X509& certificate, const IssueOptions& options, hours usual) {
  const auto from = options.from.value_or(system_clock::now() - hours(1));
  std::time_t start = system_clock::to_time_t(from);
  std::time_t end = system_clock::to_time_t(from + options.valid.value_or(usual));
  INTERTIE_CHECK(X509_time_adj(X509_getm_notBefore(&certificate), 0, &start) != nullptr);
  INTERTIE_CHECK(X509_time_adj(X509_getm_notAfter(&certificate), 0, &end) != nullptr);
}

// What every certificate of ours has. Its issuer is itself until set otherwise.
CertificateHandle new_certificate(const Identity& identity, EVP_PKEY& key) {
  CertificateHandle certificate(X509_new());
  INTERTIE_CHECK_EQ(X509_set_version(certificate.get(), X509_VERSION_3), 1);
  set_random_serial(*certificate);
  set_common_name(*certificate, identity.role + " " + identity.name);
  INTERTIE_CHECK_EQ(X509_set_pubkey(certificate.get(), &key), 1);
  return certificate;
}

CertificateHandle self_signed_authority(const std::string& run, EVP_PKEY& key, const IssueOptions& options) {
  CertificateHandle made = new_certificate({run, kAuthorityRole, run}, key);
  set_validity(*made, options, 10 * kYear);
  INTERTIE_CHECK_EQ(X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())), 1);
  add_extension(*made, *made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(*made, *made, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(*made, *made, NID_subject_key_identifier, "hash");
  add_extension(*made, *made, NID_subject_alt_name, "URI:" + to_uri({run, kAuthorityRole, run}));
  INTERTIE_CHECK(X509_sign(made.get(), &key, EVP_sha256()) > 0);
  return made;
}

CertificateHandle signed_by(X509& authority, EVP_PKEY& authority_key, const Identity& identity, EVP_PKEY& key,
                            const IssueOptions& options) {
  CertificateHandle made = new_certificate(identity, key);
  set_validity(*made, options, kYear);
  INTERTIE_CHECK_EQ(X509_set_issuer_name(made.get(), X509_get_subject_name(&authority)), 1);
  add_extension(*made, authority, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(*made, authority, NID_key_usage, "critical,digitalSignature");
  add_extension(*made, authority, NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(*made, authority, NID_subject_key_identifier, "hash");
  add_extension(*made, authority, NID_authority_key_identifier, "keyid:always");
  add_extension(*made, authority, NID_subject_alt_name, "URI:" + to_uri(identity));
  INTERTIE_CHECK(X509_sign(made.get(), &authority_key, EVP_sha256()) > 0);
  return made;
}

KeyHandle new_key() {
  KeyHandle key(EVP_EC_gen("P-256"));
  INTERTIE_CHECK(key != nullptr);
  return key;
}

Result<void> refuse_to_overwrite(const TlsFiles& files, const IssueOptions& options) {
  for (const std::string& path : {files.key, files.certificate}) {
    if (!options.replace && PosixDisk().exists(path))
      return refusal(path, "it exists already, and a key is not overwritten unasked", "keep it, or ask for it to be replaced");
  }
  return {};
}

system_clock::time_point time_point_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return system_clock::from_time_t(timegm(&parts));
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  INTERTIE_CHECK_EQ(X509_digest(&certificate, EVP_sha256(), digest.data(), &size), 1);
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

Result<CertificateFacts> facts_of(const X509& certificate, const std::string& path) {
  const auto identity = identity_of(certificate);
  if (!identity) return refusal(path, "the certificate names no run, role and site", "make it with 'intertie ca'");
  return CertificateFacts{*identity, time_point_of(X509_get0_notBefore(&certificate)),
                          time_point_of(X509_get0_notAfter(&certificate)), fingerprint_of(certificate)};
}

}  // namespace

std::string to_uri(const Identity& identity) {
  return fmt::format("{}{}/{}/{}", kScheme, identity.run, identity.role, identity.name);
}

std::optional<Identity> identity_from_uri(const std::string& uri) {
  if (uri.compare(0, kScheme.size(), kScheme) != 0) return std::nullopt;
  const std::size_t first = uri.find('/', kScheme.size());
  const std::size_t second = first == std::string::npos ? first : uri.find('/', first + 1);
  if (second == std::string::npos) return std::nullopt;
  Identity identity{uri.substr(kScheme.size(), first - kScheme.size()), uri.substr(first + 1, second - first - 1),
                    uri.substr(second + 1)};
  if (!is_name(identity.run) || !is_name(identity.role) || !is_name(identity.name)) return std::nullopt;
  return identity;
}

Result<void> check_name(const std::string& what, const std::string& name) {
  if (is_name(name)) return {};
  return refusal({}, fmt::format("the name of the {} cannot stand in a certificate", what),
                 "use 1 to 63 letters, digits, '-', '_' and '.', starting with a letter or digit");
}

TlsFiles tls_files(const std::string& folder, const std::string& name) {
  return {folder + "/ca.pem", folder + "/" + name + ".pem", folder + "/" + name + ".key", folder + "/ca.crl"};
}

Result<std::string> make_authority(const std::string& folder, const std::string& run, const IssueOptions& options) {
  INTERTIE_RETURN_IF_ERROR(check_name("run", run));
  const TlsFiles files = tls_files(folder, "ca");
  INTERTIE_RETURN_IF_ERROR(refuse_to_overwrite(files, options));
  INTERTIE_RETURN_IF_ERROR(PosixDisk().make_folders(folder));
  const KeyHandle key = new_key();
  const CertificateHandle certificate = self_signed_authority(run, *key, options);
  INTERTIE_RETURN_IF_ERROR(save_key(files.key, *key));
  INTERTIE_RETURN_IF_ERROR(save_certificate(files.ca, *certificate));
  return files.ca;
}

Result<TlsFiles> issue(const std::string& folder, const Identity& identity, const IssueOptions& options) {
  INTERTIE_RETURN_IF_ERROR(check_name("run", identity.run));
  INTERTIE_RETURN_IF_ERROR(check_name("role", identity.role));
  INTERTIE_RETURN_IF_ERROR(check_name("site", identity.name));
  if (identity.name == "ca") return refusal({}, "no site can be called 'ca': the authority's files are", "choose another name");
  const TlsFiles files = tls_files(folder, identity.name);
  INTERTIE_RETURN_IF_ERROR(refuse_to_overwrite(files, options));
  INTERTIE_ASSIGN(const Authority authority, load_authority(folder, identity.run));
  const KeyHandle key = new_key();
  const CertificateHandle certificate = signed_by(*authority.certificate, *authority.key, identity, *key, options);
  INTERTIE_RETURN_IF_ERROR(save_key(files.key, *key));
  INTERTIE_RETURN_IF_ERROR(save_certificate(files.certificate, *certificate));
  return files;
}

Result<CertificateFacts> describe_certificate(const std::string& path) {
  INTERTIE_ASSIGN(const CertificateHandle certificate, load_certificate(path));
  return facts_of(*certificate, path);
}

Result<CertificateFacts> describe_certificate(std::span<const std::byte> pem, const std::string& name) {
  INTERTIE_ASSIGN(const CertificateHandle certificate, certificate_from_pem(pem, name));
  return facts_of(*certificate, name);
}

}  // namespace intertie::env::real
