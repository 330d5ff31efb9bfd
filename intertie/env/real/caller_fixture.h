// For tests: somebody who connects to a site's port and does what the test wants, over TCP alone or with OpenSSL, which checks
// nothing and shows whatever it was given. Nothing blocks: step() does what can be done by now. Keeps what it sends and hears.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "intertie/env/network.h"
#include "intertie/env/real/openssl_handles.h"

namespace intertie::env::real {

class Caller {
 public:
  explicit Caller(const Address& site, const std::string& from = "127.0.0.1") : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in own = address(from, 0), to = address(site.host, site.port);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    EXPECT_NE(::fcntl(socket_, F_SETFL, O_NONBLOCK), -1);
  }
  ~Caller() { ::close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // From now on; the paths are of PEM files, and empty ones show nothing.
  void speak_tls(const std::string& certificate, const std::string& key, int version = TLS1_3_VERSION) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context_.get(), version), 1);
    if (!certificate.empty()) {
      EXPECT_EQ(SSL_CTX_use_certificate_file(context_.get(), certificate.c_str(), SSL_FILETYPE_PEM), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM), 1);
    }
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);  // owns them
    SSL_set_connect_state(ssl_.get());
    SSL_set_msg_callback_arg(ssl_.get(), &num_key_updates_);
    SSL_set_msg_callback(ssl_.get(), [](int ours, int, int kind, const void* message, std::size_t size, SSL*, void* count) {
      const bool is_one =
          kind == SSL3_RT_HANDSHAKE && size > 0 && *static_cast<const std::uint8_t*>(message) == SSL3_MT_KEY_UPDATE;
      if (ours == 0 && is_one) ++*static_cast<int*>(count);
    });
  }
  void send(std::span<const std::byte> bytes) { unsent_.insert(unsent_.end(), bytes.begin(), bytes.end()); }

  void step() {
    hear();
    ssl_ ? speak() : put(std::exchange(unsent_, {}));
  }
  // Before what is sent next; the other side is to do the same.
  void update_key() { EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1); }
  int num_key_updates() const { return num_key_updates_; }        // of the other side's
  const std::vector<std::byte>& sent() const { return sent_; }    // as it went over the wire
  const std::vector<std::byte>& heard() const { return heard_; }  // deciphered
  const std::string& alert() const { return alert_; }             // why TLS ended, as OpenSSL words it
  bool closed() const { return closed_; }

 private:
  static sockaddr_in address(const std::string& host, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, host.c_str(), &made.sin_addr), 1);
    return made;
  }
  void hear() {
    std::array<std::byte, 4096> piece{};
    while (true) {
      const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) closed_ = true;
      if (got <= 0) return;
      if (ssl_) BIO_write(in_, piece.data(), static_cast<int>(got));
      if (!ssl_) heard_.insert(heard_.end(), piece.begin(), piece.begin() + got);
    }
  }
  void speak() {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    note_alert(done);
    std::array<std::byte, 4096> plain{};
    std::size_t got = 0;
    int read = 0;
    while (done == 1 && (read = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &got)) == 1)
      heard_.insert(heard_.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(got));
    if (done == 1) note_alert(read);
    std::size_t written = 0;
    if (done == 1 && !unsent_.empty() && alert_.empty()) SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &written);
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(written));
    char* data = nullptr;
    const long size = BIO_get_mem_data(out_, &data);
    const auto bytes = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
    put({bytes.begin(), bytes.end()});
    BIO_reset(out_);
  }
  void note_alert(int outcome) {
    if (outcome != 1 && SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_SSL && alert_.empty()) alert_ = openssl_reason();
  }
  void put(const std::vector<std::byte>& bytes) {
    sent_.insert(sent_.end(), bytes.begin(), bytes.end());
    const ssize_t taken = ::send(socket_, sent_.data() + on_its_way_, sent_.size() - on_its_way_, MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) closed_ = true;
    if (taken > 0) on_its_way_ += static_cast<std::size_t>(taken);
  }

  int socket_;
  ContextHandle context_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  SslHandle ssl_;
  std::vector<std::byte> unsent_, sent_, heard_;
  std::size_t on_its_way_ = 0;  // of what is sent
  int num_key_updates_ = 0;
  std::string alert_;
  bool closed_ = false;
};

}  // namespace intertie::env::real
