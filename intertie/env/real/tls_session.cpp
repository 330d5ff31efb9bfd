#include "intertie/env/real/tls_session.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "intertie/env/real/pem.h"

namespace intertie::env::real {
namespace {

// What an alert from the other side says about our certificate; empty for other alerts.
std::string refusal_of_ours(int reason) {
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "issued by an authority that it does not know";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return "revoked";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE: return "not valid there";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return "not accepted";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return "of another run, or not of the site that it expects";
    default: return "";
  }
}

bool is_other_protocol(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_UNEXPECTED_MESSAGE ||
         reason == SSL_R_BAD_PROTOCOL_VERSION_NUMBER || reason == SSL_R_HTTPS_PROXY_REQUEST;
}

}  // namespace

// OpenSSL's view of the session's input and output.
struct TlsSessionBio {
  static TlsSession& session_of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* data, int size) {
    const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
    auto& output = session_of(bio).output_;
    output.insert(output.end(), bytes.begin(), bytes.end());
    return size;
  }

  static int read(BIO* bio, char* data, int size) {
    auto& input = session_of(bio).input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(input.size(), static_cast<std::size_t>(size));
    std::memcpy(data, input.data(), taken);
    input = input.subspan(taken);
    return static_cast<int>(taken);
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  // Made once for the process; OpenSSL never changes it.
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "intertie session");
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }
};

TlsSession::TlsSession(const TlsContext& context, Options options)
    : options_(std::move(options)), run_(context.run()), ssl_(SSL_new(context.get())) {
  INTERTIE_CHECK(ssl_ != nullptr);
  BIO* bio = BIO_new(TlsSessionBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify);
  options_.accepts ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

// Called by OpenSSL for each certificate of the peer's chain, the authority first.
int TlsSession::verify(int accepted, X509_STORE_CTX* chain) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  const X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  if (accepted == 0) {
    session.certificate_fault_ = real::certificate_fault(X509_STORE_CTX_get_error(chain), certificate, session.run_);
    return 0;
  }
  if (X509_STORE_CTX_get_error_depth(chain) > 0) return 1;
  session.certificate_fault_ = identity_fault(*certificate, session.run_,
                                              {.name = session.options_.expected_site, .visitors = session.options_.visitors});
  if (!session.certificate_fault_) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

void TlsSession::receive(std::span<const std::byte> ciphertext) {
  if (input_.empty()) {
    input_ = ciphertext;
    return;
  }
  keep_rest();
  kept_.insert(kept_.end(), ciphertext.begin(), ciphertext.end());
  input_ = kept_;
}

void TlsSession::keep_rest() {
  if (input_.empty() || input_.data() == kept_.data()) return;
  std::vector<std::byte> rest(input_.begin(), input_.end());
  kept_ = std::move(rest);
  input_ = kept_;
}

Result<bool> TlsSession::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) return true;
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) return false;
  return fault("TLS handshake");
}

Result<std::size_t> TlsSession::read(std::span<std::byte> plain) {
  ERR_clear_error();
  std::size_t got = 0;
  if (SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &got) == 1) return got;
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ: return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN: ended_ = true; return std::size_t{0};
    default: return fault("transfer");
  }
}

Result<void> TlsSession::write(std::span<const std::byte> plain) {
  ERR_clear_error();
  if (written_since_update_ >= options_.key_update_after.value || records_since_update_ >= options_.key_update_after_records) {
    if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) return fault("transfer");
    written_since_update_ = 0;
    records_since_update_ = 0;
    ++key_updates_;
  }
  std::size_t written = 0;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) return fault("transfer");
  INTERTIE_CHECK_EQ(written, plain.size());
  written_since_update_ += written;
  records_since_update_ += (written + SSL3_RT_MAX_PLAIN_LENGTH - 1) / SSL3_RT_MAX_PLAIN_LENGTH;
  return {};
}

void TlsSession::close() {
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

Peer TlsSession::peer() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  const auto identity = certificate != nullptr ? identity_of(*certificate) : std::nullopt;
  if (!identity) return {};
  return Peer{.run = identity->run, .role = identity->role, .name = identity->name, .address = {}};
}

Error TlsSession::error(const std::string& phase, ErrorCode code, std::string what, std::string fix) const {
  return Error{
      .code = code, .where = options_.who + ", phase " + phase, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

// Why OpenSSL has just refused to go on, in words.
Error TlsSession::fault(const std::string& phase) {
  if (certificate_fault_)
    return error("certificate", ErrorCode::reconfigure, certificate_fault_->what, certificate_fault_->fix);
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const std::string text = openssl_reason();
  if (const std::string refused = refusal_of_ours(reason); !refused.empty()) {
    return error("certificate", ErrorCode::reconfigure, "the other side refused this site's certificate: " + refused,
                 "its log says more; compare with 'intertie ca' on both sides");
  }
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return error("certificate", ErrorCode::reconfigure, "the other side showed no certificate",
                 "only sites of the run may connect");
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
    return error(phase, ErrorCode::reconfigure, "the other side does not speak TLS 1.3",
                 "check that the address is of a site of the run");
  if (phase == "TLS handshake" && reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC)
    return error(phase, ErrorCode::retry,
                 "what the other side sent was changed on the way, or recorded from another connection",
                 "find out who connects to this port without being a site of the run");
  if (phase == "TLS handshake" && is_other_protocol(reason))
    return error(phase, ErrorCode::reconfigure, "what the other side sent is not TLS",
                 "check that the address is of a site of the run");
  return error(phase, ErrorCode::retry, "TLS failed: " + text, "");
}

}  // namespace intertie::env::real
