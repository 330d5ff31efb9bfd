// TlsContext: this process's certificate, key and authority, loaded and checked once, and the settings that every TLS session
// of the process shares: TLS 1.3 only, certificates on both sides, no tickets, no resumption, no early data. Certificates that
// the authority has revoked are not accepted. Owner thread: the loop. Outlives its sessions.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "intertie/env/real/certificates.h"
#include "intertie/env/real/openssl_handles.h"

namespace intertie::env::real {

class TlsContext {
 public:
  // Errors (reconfigure) name the file and say what to do: not PEM, key of another certificate, expired, of another run or
  // site, of another authority.
  static Result<std::unique_ptr<TlsContext>> load(const TlsFiles& files, const std::string& run, const std::string& name,
                                                  const std::string& role = kSiteRole);

  // Looks whether the list of revoked certificates is another one than before, and heeds it from the next handshake on; to be
  // called before each. A list that cannot be used is an error (retry), and then nobody is to be let in.
  Result<void> look_at_revoked();

  SSL_CTX* get() const { return context_.get(); }
  const std::string& run() const { return run_; }

 private:
  // What tells one state of a file from another.
  struct Stamp {
    std::int64_t changed;  // ns
    std::uint64_t number;
    std::int64_t size;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  TlsContext(CertificateHandle authority, const TlsFiles& files, std::string run)
      : authority_(std::move(authority)), revoked_(files.revoked), run_(std::move(run)) {}
  static std::optional<Stamp> stamp_of(const std::string& path);
  Result<void> read_revoked();

  CertificateHandle authority_;
  std::string revoked_;        // the list's path
  CrlHandle list_;             // null: nothing is revoked
  std::optional<Stamp> read_;  // of the list when it was read
  ContextHandle context_;
  std::string run_;
};

// What is wrong with a certificate, for a verification code of OpenSSL; `fix` says what to do.
struct CertificateFault {
  std::string what;
  std::string fix;
};
CertificateFault certificate_fault(int code, const X509* certificate, const std::string& our_run);
// Whose a certificate has to be.
struct Expected {
  std::string role = kSiteRole;
  std::string name = {};  // empty: anybody in that role
  bool visitors = false;  // operators and viewers, too, whatever their names
};
// The same for the identity it carries. Nothing if it is right.
std::optional<CertificateFault> identity_fault(const X509& certificate, const std::string& run, const Expected& expected);

}  // namespace intertie::env::real
