// TlsHandshake: one TLS handshake over a connected socket, within a deadline. Its outcome is a stream that is ready to start.
// Owner thread: the loop. Kept alive by its own operations until it is done or abandoned.
#pragma once

#include <functional>
#include <memory>

#include "intertie/env/real/socket_stream.h"

namespace intertie::env::real {

class TlsHandshake : public std::enable_shared_from_this<TlsHandshake> {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;

  // `who` names the other side in errors as long as its certificate has not.
  TlsHandshake(asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> session, std::string who, Address address,
               std::shared_ptr<ReadBuffers> buffers);
  void begin(std::chrono::steady_clock::time_point deadline, Done done);
  // `done` is not called any more.
  void abandon();

 private:
  void step();
  std::error_code write_output();
  void wait(asio::ip::tcp::socket::wait_type what);
  void readable();
  void succeed();
  void fail(Error error);
  void drain();
  Error error(std::string what, std::string fix) const;

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::unique_ptr<TlsSession> session_;
  std::string who_;
  Address address_;
  std::shared_ptr<ReadBuffers> buffers_;
  Done done_;
  bool over_ = false;
  bool draining_ = false;
};

}  // namespace intertie::env::real
