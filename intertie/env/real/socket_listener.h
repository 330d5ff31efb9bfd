// SocketListener: a listening socket; each connection does its handshake within a deadline, and only so many at one time, so
// that silent or hostile peers cannot fill the process. At the limit the oldest handshake of the address that has most of them
// is dropped, and reported: whoever has few under way keeps them.
// Owner thread: the loop.
#pragma once

#include <asio/ip/tcp.hpp>
#include <list>
#include <memory>

#include "intertie/env/real/network_state.h"
#include "intertie/env/real/tls_handshake.h"

namespace intertie::env::real {

// The part that outlives the Listener while operations of it are under way.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(std::shared_ptr<NetworkState> network, Network::Accepted accepted, std::function<void(Error)> refused);
  Result<void> open(const Address& address);
  void close();
  Address local_address() const;

 private:
  struct Pending {
    std::shared_ptr<TlsHandshake> handshake;
    std::string host;
    std::string who;
  };
  Result<asio::ip::tcp::endpoint> find_endpoint(const Address& address);
  void accept_next();
  void took(const std::error_code& error, asio::ip::tcp::socket socket);
  void secure(asio::ip::tcp::socket socket, const Address& from);
  void drop_one();

  std::shared_ptr<NetworkState> network_;
  Network::Accepted accepted_;
  std::function<void(Error)> refused_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::list<Pending> pending_;  // the oldest first
  bool closed_ = false;
};

class SocketListener final : public Listener {
 public:
  explicit SocketListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~SocketListener() override { acceptor_->close(); }
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;
  Address local_address() const override { return acceptor_->local_address(); }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace intertie::env::real
