// Stream: messages over one connection. Frames what is sent, cuts what arrives, counts both.
// Owner thread: the loop. Destroying it closes the connection; no handler runs afterwards.
#pragma once

#include <functional>
#include <memory>

#include "intertie/env/network.h"
#include "intertie/wire/frame.h"

namespace intertie::links {

class Stream {
 public:
  struct Handlers {
    std::function<void(wire::Message)> message;
    std::function<void()> drained;
    std::function<void(Error)> closed;  // once; the connection broke, or what arrived was no valid frame
  };

  // `later_limit`: of the length of what arrives after the first frame.
  Stream(std::unique_ptr<env::Connection> connection, Handlers handlers, std::uint32_t later_limit = wire::kMaxChunkFrame);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // For a stream that passes from whoever did the handshake to its link.
  void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }

  void send(const wire::Message& message);
  void close_after_sending() { connection_->close_after_sending(); }
  bool closed() const { return failed_; }
  void set_pacing(BitRate rate) { connection_->set_pacing(rate); }
  Bytes unsent() const { return connection_->unsent(); }
  const env::Peer& peer() const { return connection_->peer(); }
  std::string congestion_control() const { return connection_->congestion_control(); }
  void set_congestion_control(const std::string& name) { connection_->set_congestion_control(name); }
  env::Sending sending() const { return connection_->sending(); }
  Bytes bytes_sent() const { return bytes_sent_; }
  Bytes bytes_received() const { return bytes_received_; }

 private:
  void receive(std::span<const std::byte> bytes);
  void fail(Error error);

  std::unique_ptr<env::Connection> connection_;
  Handlers handlers_;
  wire::FrameReader reader_;
  std::uint64_t next_sequence_ = 0;
  Bytes bytes_sent_;
  Bytes bytes_received_;
  bool failed_ = false;
  std::shared_ptr<const bool> alive_;  // a handler may destroy this stream while it delivers
};

}  // namespace intertie::links
