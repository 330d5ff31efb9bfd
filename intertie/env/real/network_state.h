// What the operations of a RealNetwork share. For this folder's sources. Owner thread: the loop.
#pragma once

#include <asio/io_context.hpp>

#include "intertie/env/real/real_network.h"
#include "intertie/env/real/socket_stream.h"

namespace intertie::env::real {

struct NetworkState {
  asio::io_context& io;
  RealNetworkOptions options;
  std::unique_ptr<TlsContext> tls;  // null: plain
  std::shared_ptr<ReadBuffers> buffers = std::make_shared<ReadBuffers>();
  bool open = true;  // the RealNetwork exists
};

// Wraps a connected socket that uses no TLS.
inline std::unique_ptr<Connection> plain_connection(const NetworkState& state, asio::ip::tcp::socket socket,
                                                    const Address& address) {
  Peer peer{.run = {}, .role = {}, .name = {}, .address = to_string(address)};
  const std::string who = "plain connection with " + peer.address;
  return std::make_unique<SocketConnection>(
      std::make_shared<SocketStream>(std::move(socket), nullptr, std::move(peer), who, state.buffers));
}

inline Error not_loopback(const std::string& where) {
  return Error{.code = ErrorCode::reconfigure,
               .where = where,
               .what = "plain connections are for loopback addresses only",
               .fix = "use TLS (make certificates with 'intertie ca'), or addresses such as 127.0.0.1",
               .cause = {}};
}

}  // namespace intertie::env::real
