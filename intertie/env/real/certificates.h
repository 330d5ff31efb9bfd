// Certificates: the run's own authority, and a certificate for each site and each visitor. Everything in one folder: ca.pem and
// ca.key (the authority: its key stays where it was made), ca.crl where any is revoked (revocation.h), NAME.pem and NAME.key (a
// site's, or a visitor's). ECDSA P-256; who
// it is stands in the subject alternative name, intertie://RUN/ROLE/NAME. Keys are written with mode 0600, and never over
// another without being asked. Any thread; calls block on the disk.
//
//   INTERTIE_RETURN_IF_ERROR(make_authority("certificates", "three-states"));
//   INTERTIE_ASSIGN(TlsFiles files, issue("certificates", {"three-states", "site", "ashburn"}));
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "intertie/base/result.h"
#include "intertie/env/network.h"

namespace intertie::env::real {

// What a site needs to prove who it is and to know the others.
struct TlsFiles {
  std::string ca;            // PEM: the authority's certificate
  std::string certificate;   // PEM: this site's
  std::string key;           // PEM: this site's
  std::string revoked = {};  // PEM: what the authority has revoked; need not be there
};

inline constexpr const char* kAuthorityRole = "authority";

struct Identity {
  std::string run;
  std::string role;  // env/network.h has them; kAuthorityRole for the authority itself
  std::string name;
  friend bool operator==(const Identity&, const Identity&) = default;
};

std::string to_uri(const Identity& identity);
std::optional<Identity> identity_from_uri(const std::string& uri);

// Letters, digits, '-', '_' and '.', at most 63, not starting with '.' or '-': fit for a file name and a URI.
Result<void> check_name(const std::string& what, const std::string& name);

struct IssueOptions {
  bool replace = false;                                            // an existing key and certificate
  std::optional<std::chrono::system_clock::time_point> from = {};  // default: an hour ago, for clocks that differ
  std::optional<std::chrono::hours> valid = {};                    // default: 10 years for an authority, 1 year for a site
};

// Creates the folder if needed. Returns the path of the authority's certificate.
Result<std::string> make_authority(const std::string& folder, const std::string& run, const IssueOptions& options = {});
// The authority in `folder` has to be of the same run.
Result<TlsFiles> issue(const std::string& folder, const Identity& identity, const IssueOptions& options = {});
// The paths that issue() uses, whether or not they exist.
TlsFiles tls_files(const std::string& folder, const std::string& name);

struct CertificateFacts {
  Identity identity;
  std::chrono::system_clock::time_point valid_from;
  std::chrono::system_clock::time_point expires;
  std::string fingerprint;  // SHA-256 in hexadecimal, pairs joined by colons
};

Result<CertificateFacts> describe_certificate(const std::string& path);
// The same for bytes in hand; `name` stands in errors for the path.
Result<CertificateFacts> describe_certificate(std::span<const std::byte> pem, const std::string& name);

}  // namespace intertie::env::real
