// Dial: one attempt to connect: look up the name, connect, TLS handshake, all within one deadline.
// Owner thread: the loop. Kept alive by its own operations.
#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "intertie/env/real/network_state.h"

namespace intertie::env::real {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  Dial(std::shared_ptr<NetworkState> network, Network::Target target, Network::Connected connected);
  void begin(std::chrono::steady_clock::time_point deadline);

 private:
  using Endpoints = std::vector<asio::ip::tcp::endpoint>;
  void resolve();
  void connect(const Endpoints& endpoints);
  void connect_from(const asio::ip::address& local, const Endpoints& endpoints);
  void connected(const std::error_code& error);
  void secure();
  void timed_out();
  void finish(Result<std::unique_ptr<Connection>> outcome);
  Error from_error(ErrorCode code, std::string what) const;
  Error resolve_error(std::string what) const;

  std::shared_ptr<NetworkState> network_;
  Network::Target target_;
  std::string who_;
  Network::Connected done_;
  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  bool resolved_ = false;
  bool over_ = false;
};

}  // namespace intertie::env::real
