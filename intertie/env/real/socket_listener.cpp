#include "intertie/env/real/socket_listener.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "intertie/env/real/socket.h"

namespace intertie::env::real {
namespace {

constexpr auto kPauseAfterError = std::chrono::milliseconds(100);

Error listen_error(const Address& address, const std::error_code& error) {
  const std::string where = "listening at " + to_string(address);
  const auto made = [&](std::string what, std::string fix) {
    return Error{.code = ErrorCode::reconfigure, .where = where, .what = std::move(what), .fix = std::move(fix), .cause = {}};
  };
  if (error == asio::error::address_in_use)
    return made("the port is in use", "stop what listens there (an earlier run?), or give the site another port");
  if (error.value() == EADDRNOTAVAIL) {
    return made("this machine does not have that address",
                "start the site on the machine that has it, or listen at 0.0.0.0 with the same port");
  }
  if (error == asio::error::access_denied) return made("permission denied", "choose a port of 1024 or above");
  if (error.value() == EMFILE) {
    return made("this process has too many open files", "raise the limit (ulimit -n) where the site is started");
  }
  if (error.value() == ENFILE) {
    return made("this machine has too many open files", "end what holds them, or raise fs.file-max");
  }
  return made(error.message(), "check the address");
}

}  // namespace

Acceptor::Acceptor(std::shared_ptr<NetworkState> network, Network::Accepted accepted, std::function<void(Error)> refused)
    : network_(std::move(network)),
      accepted_(std::move(accepted)),
      refused_(std::move(refused)),
      acceptor_(network_->io),
      pause_(network_->io) {}

Result<void> Acceptor::open(const Address& address) {
  INTERTIE_ASSIGN(const auto endpoint, find_endpoint(address));
  if (!network_->tls && !endpoint.address().is_loopback()) return not_loopback("listening at " + to_string(address));
  std::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(address, error);
  accept_next();
  return {};
}

Result<asio::ip::tcp::endpoint> Acceptor::find_endpoint(const Address& address) {
  std::error_code error;
  const auto numeric = asio::ip::make_address(address.host, error);
  if (!error) return asio::ip::tcp::endpoint(numeric, address.port);
  asio::ip::tcp::resolver resolver(network_->io);
  const auto results = resolver.resolve(address.host, std::to_string(address.port),
                                        asio::ip::tcp::resolver::numeric_service | asio::ip::tcp::resolver::passive, error);
  if (error || results.empty()) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = "listening at " + to_string(address),
                 .what = "the name " + address.host + " was not found: " + error.message(),
                 .fix = "write the address in numbers",
                 .cause = {}};
  }
  return results.begin()->endpoint();
}

void Acceptor::close() {
  closed_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (const Pending& pending : pending_) pending.handshake->abandon();
  pending_.clear();
}

Address Acceptor::local_address() const {
  std::error_code ignored;
  return address_of(acceptor_.local_endpoint(ignored));
}

void Acceptor::accept_next() {
  acceptor_.async_accept([self = shared_from_this()](const std::error_code& error, asio::ip::tcp::socket socket) {
    if (!self->closed_) self->took(error, std::move(socket));
  });
}

void Acceptor::took(const std::error_code& error, asio::ip::tcp::socket socket) {
  if (error) {  // such as too many open files: better later than never
    pause_.expires_after(kPauseAfterError);
    pause_.async_wait([self = shared_from_this()](const std::error_code&) {
      if (!self->closed_) self->accept_next();
    });
    return refused_(listen_error(local_address(), error));
  }
  accept_next();
  std::error_code gone;
  const Address from = address_of(socket.remote_endpoint(gone));
  if (gone) return;
  set_stream_options(socket, network_->options.congestion_control);
  if (network_->tls) return secure(std::move(socket), from);
  accepted_(plain_connection(*network_, std::move(socket), from));
}

void Acceptor::secure(asio::ip::tcp::socket socket, const Address& from) {
  if (pending_.size() >= network_->options.most_handshakes) drop_one();
  if (closed_) return;
  if (const Result<void> looked = network_->tls->look_at_revoked(); !looked) return refused_(looked.error());
  const std::string who = "connection from " + to_string(from);
  auto session =
      std::make_unique<TlsSession>(*network_->tls, TlsSession::Options{.accepts = true,
                                                                       .visitors = network_->options.visitors,
                                                                       .who = who,
                                                                       .key_update_after = network_->options.key_update_after});
  auto handshake = std::make_shared<TlsHandshake>(std::move(socket), std::move(session), who, from, network_->buffers);
  const auto place = pending_.insert(pending_.end(), Pending{handshake, from.host, who});
  handshake->begin(std::chrono::steady_clock::now() + network_->options.accept_deadline,
                   [self = shared_from_this(), place](Result<std::unique_ptr<Connection>> outcome) {
                     if (self->closed_) return;
                     self->pending_.erase(place);
                     outcome ? self->accepted_(std::move(*outcome)) : self->refused_(outcome.error());
                   });
}

void Acceptor::drop_one() {
  std::map<std::string_view, std::size_t> of_host;
  for (const Pending& pending : pending_) ++of_host[pending.host];
  const auto place = std::max_element(pending_.begin(), pending_.end(), [&](const Pending& a, const Pending& b) {
    return of_host[a.host] < of_host[b.host];
  });  // the first such
  const Pending oldest = std::move(*place);
  pending_.erase(place);
  oldest.handshake->abandon();
  refused_(Error{.code = ErrorCode::retry,
                 .where = oldest.who + ", phase TLS handshake",
                 .what = "dropped: too many connections are waiting for their handshake",
                 .fix = "find out who connects to this port without being a site of the run",
                 .cause = {}});
}

}  // namespace intertie::env::real
