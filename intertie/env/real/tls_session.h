// TlsSession: one TLS 1.3 session without a socket: bytes from the network go in, bytes for the network come out.
//
// The caller reads ciphertext and gives it to receive(), then calls handshake() until it says done, then read() until it gives
// nothing; whatever lies in output() afterwards it writes to the socket. Keys are updated well before the number of records
// that AES-GCM allows under one key (RFC 8446, 5.5: 2^24.5, each of up to 16 KiB). A write of a few bytes is a record, too.
// Owner thread: the loop.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intertie/env/network.h"
#include "intertie/env/real/tls_context.h"

namespace intertie::env::real {

class TlsSession {
 public:
  struct Options {
    bool accepts = false;            // else it connects
    std::string expected_site = {};  // the name that the peer's certificate must carry; empty: any site of the run
    bool visitors = false;           // operators and viewers are accepted, too
    std::string who = {};            // for errors: "site columbus (127.0.0.1:7402)"
    Bytes key_update_after{std::uint64_t{1} << 36};  // 64 GiB: a minute at 10 Gbit/s
    std::uint64_t key_update_after_records = std::uint64_t{1} << 24;
  };
  TlsSession(const TlsContext& context, Options options);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // `ciphertext` is borrowed until read() has given nothing or keep_rest() was called.
  void receive(std::span<const std::byte> ciphertext);
  // True when done. An error leaves an alert for the peer in output().
  Result<bool> handshake();
  // Copies what was received and not read yet, so that the span given to receive() may go.
  void keep_rest();
  // Decrypts into `plain`; the bytes written there. 0: all that was received is read, or the peer has closed (see ended()).
  Result<std::size_t> read(std::span<std::byte> plain);
  bool ended() const { return ended_; }
  // Encrypts into output().
  Result<void> write(std::span<const std::byte> plain);
  // Puts the closing notice into output().
  void close();

  std::vector<std::byte>& output() { return output_; }
  // Who the peer is, as its certificate says; after the handshake, without the address.
  Peer peer() const;
  // For errors from now on.
  void rename_peer(std::string who) { options_.who = std::move(who); }
  // We did not accept the peer's certificate, and output() says so.
  bool refused_certificate() const { return certificate_fault_.has_value(); }
  std::uint64_t key_updates() const { return key_updates_; }

 private:
  friend struct TlsSessionBio;
  static int verify(int accepted, X509_STORE_CTX* chain);
  Error fault(const std::string& phase);
  Error error(const std::string& phase, ErrorCode code, std::string what, std::string fix) const;

  Options options_;
  std::string run_;
  SslHandle ssl_;
  std::span<const std::byte> input_;  // what is left of the last receive()
  std::vector<std::byte> kept_;       // holds input_ after keep_rest()
  std::vector<std::byte> output_;
  std::optional<CertificateFault> certificate_fault_;
  bool ended_ = false;
  std::uint64_t written_since_update_ = 0;  // bytes
  std::uint64_t records_since_update_ = 0;
  std::uint64_t key_updates_ = 0;
};

}  // namespace intertie::env::real
