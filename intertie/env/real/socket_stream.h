// SocketStream: an established TCP connection, with TLS or (on loopback) without: the part of a Connection that outlives the
// Connection object while the system still has operations of it. SocketConnection is the handle that its user owns.
//
// Sends are gathered: what is queued in one turn of the loop is encrypted in batches of up to kBatch bytes and written with as
// few system calls as the kernel takes. Reads use buffers shared by all streams of the network.
// Owner thread: the loop.
#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <memory>

#include "intertie/env/low_mark.h"
#include "intertie/env/network.h"
#include "intertie/env/real/tls_session.h"

namespace intertie::env::real {

// Used only within one call from the loop, so one pair serves every stream of a network.
struct ReadBuffers {
  std::vector<std::byte> network = std::vector<std::byte>(128 * 1024);
  std::vector<std::byte> plain = std::vector<std::byte>(128 * 1024);
};

class SocketStream : public std::enable_shared_from_this<SocketStream> {
 public:
  static constexpr std::size_t kBatch = 256 * 1024;

  // `session` is null for a plain connection. `who` stands in errors.
  SocketStream(asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> session, Peer peer, std::string who,
               std::shared_ptr<ReadBuffers> buffers);

  void start(Connection::Handlers handlers);
  void send(SharedBytes bytes);
  Bytes unsent() const;
  void set_low_mark(Bytes mark) { low_mark_.set(mark); }
  // At slow paces the system sends two packets at once all the same, and what shares the line waits for both. So they are
  // handed to it one by one.
  void set_pacing(BitRate rate);
  void close_after_sending();
  // The Connection is gone: closes at once, and no handler runs any more.
  void abandon();

  asio::ip::tcp::socket& socket() { return socket_; }
  const Peer& peer() const { return peer_; }

 private:
  void flush_soon();
  void flush();
  bool has_batch() const;
  bool fill_batch();
  Result<void> encrypt_batch();
  std::error_code write_some();
  void finish_sending();
  void wait_to_write();
  void wait_to_read();
  void readable();
  std::error_code read_some();
  void deliver_decrypted(std::span<const std::byte> bytes);
  void other_side_closed();
  void fail(Error error);

  asio::ip::tcp::socket socket_;
  asio::steady_timer linger_;
  std::unique_ptr<TlsSession> session_;
  Peer peer_;
  std::string who_;
  std::shared_ptr<ReadBuffers> buffers_;
  // Kept until the stream itself goes: one of them may be running when the Connection is destroyed.
  Connection::Handlers handlers_;
  LowMark low_mark_;
  std::deque<SharedBytes> queue_;
  Bytes queued_;                    // in queue_
  std::vector<SharedBytes> batch_;  // what is being written (plain) or encrypted
  std::vector<std::byte> small_;    // TLS: small sends, gathered
  std::size_t batch_bytes_ = 0;     // of the user, in the batch that is being written
  std::size_t batch_written_ = 0;   // of the batch's bytes on the network
  std::size_t most_at_once_ = 0;    // bytes for one packet; 0: any number for many
  bool flush_posted_ = false;
  bool waiting_to_write_ = false;
  bool closing_ = false;
  bool said_goodbye_ = false;
  bool sent_all_ = false;  // closing, and everything was handed to the kernel
  bool dead_ = false;
};

class SocketConnection final : public Connection {
 public:
  explicit SocketConnection(std::shared_ptr<SocketStream> stream) : stream_(std::move(stream)) {}
  ~SocketConnection() override { stream_->abandon(); }
  SocketConnection(const SocketConnection&) = delete;
  SocketConnection& operator=(const SocketConnection&) = delete;
  void start(Handlers handlers) override { stream_->start(std::move(handlers)); }
  void send(SharedBytes bytes) override { stream_->send(std::move(bytes)); }
  Bytes unsent() const override { return stream_->unsent(); }
  void set_low_mark(Bytes mark) override { stream_->set_low_mark(mark); }
  void set_pacing(BitRate rate) override { stream_->set_pacing(rate); }
  void close_after_sending() override { stream_->close_after_sending(); }
  const Peer& peer() const override { return stream_->peer(); }
  std::string congestion_control() const override;
  void set_congestion_control(const std::string& name) override;
  Sending sending() const override;

 private:
  std::shared_ptr<SocketStream> stream_;
};

}  // namespace intertie::env::real
