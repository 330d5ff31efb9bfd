#include "intertie/env/real/dial.h"

#include <algorithm>
#include <asio/connect.hpp>
#include <asio/post.hpp>
#include <utility>

#include "intertie/env/real/socket.h"
#include "intertie/env/real/tls_handshake.h"

namespace intertie::env::real {

Dial::Dial(std::shared_ptr<NetworkState> network, Network::Target target, Network::Connected connected)
    : network_(std::move(network)),
      target_(std::move(target)),
      who_(target_.expected_site.empty() ? to_string(target_.address)
                                         : "site " + target_.expected_site + " (" + to_string(target_.address) + ")"),
      done_(std::move(connected)),
      resolver_(network_->io),
      socket_(network_->io),
      timer_(network_->io) {}

void Dial::begin(std::chrono::steady_clock::time_point deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const std::error_code& cancelled) {
    if (!cancelled) self->timed_out();
  });
  std::error_code not_numeric;
  const auto numeric = asio::ip::make_address(target_.address.host, not_numeric);
  if (not_numeric) return resolve();
  asio::post(network_->io, [self = shared_from_this(), numeric] { self->connect({{numeric, self->target_.address.port}}); });
}

void Dial::resolve() {
  resolver_.async_resolve(target_.address.host, std::to_string(target_.address.port), asio::ip::tcp::resolver::numeric_service,
                          [self = shared_from_this()](const std::error_code& error, const auto& results) {
                            if (self->over_) return;
                            if (error) return self->finish(self->resolve_error(error.message()));
                            Endpoints endpoints;
                            for (const auto& result : results) endpoints.push_back(result.endpoint());
                            self->connect(endpoints);
                          });
}

void Dial::connect(const Endpoints& endpoints) {
  if (over_) return;
  resolved_ = true;
  const auto is_loopback = [](const auto& endpoint) { return endpoint.address().is_loopback(); };
  if (!network_->tls && !std::all_of(endpoints.begin(), endpoints.end(), is_loopback)) return finish(not_loopback(who_));
  if (!target_.from.empty()) {
    std::error_code not_numeric;
    const auto local = asio::ip::make_address(target_.from, not_numeric);
    return not_numeric ? finish(from_error(ErrorCode::reconfigure, "it must be written in numbers"))
                       : connect_from(local, endpoints);
  }
  asio::async_connect(socket_, endpoints,
                      [self = shared_from_this()](const std::error_code& error, const auto&) { self->connected(error); });
}

// The first address of the other side that is of the same family.
void Dial::connect_from(const asio::ip::address& local, const Endpoints& endpoints) {
  const auto same_family = [&](const auto& endpoint) { return endpoint.address().is_v4() == local.is_v4(); };
  const auto remote = std::find_if(endpoints.begin(), endpoints.end(), same_family);
  if (remote == endpoints.end()) return finish(from_error(ErrorCode::reconfigure, "one is IPv4 and the other IPv6"));
  std::error_code error;
  socket_.open(remote->protocol(), error);
  if (!error) socket_.bind({local, 0}, error);
  if (error) return finish(from_error(ErrorCode::retry, error.message()));  // an interface may come up again
  socket_.async_connect(*remote, [self = shared_from_this()](const std::error_code& failed) { self->connected(failed); });
}

void Dial::connected(const std::error_code& error) {
  if (over_) return;
  if (error) return finish(connect_error(who_, error, target_.address, target_.expected_site));
  if (!network_->open)
    return finish(connect_error(who_, asio::error::operation_aborted, target_.address, target_.expected_site));
  set_stream_options(socket_, network_->options.congestion_control);
  if (!network_->tls) return finish(plain_connection(*network_, std::move(socket_), target_.address));
  secure();
}

void Dial::secure() {
  if (const Result<void> looked = network_->tls->look_at_revoked(); !looked) return finish(looked.error());
  auto session =
      std::make_unique<TlsSession>(*network_->tls, TlsSession::Options{.accepts = false,
                                                                       .expected_site = target_.expected_site,
                                                                       .who = who_,
                                                                       .key_update_after = network_->options.key_update_after});
  auto handshake =
      std::make_shared<TlsHandshake>(std::move(socket_), std::move(session), who_, target_.address, network_->buffers);
  const auto deadline = timer_.expiry();
  timer_.cancel();
  handshake->begin(
      deadline, [self = shared_from_this()](Result<std::unique_ptr<Connection>> outcome) { self->finish(std::move(outcome)); });
}

void Dial::timed_out() {
  if (over_) return;
  finish(resolved_ ? connect_error(who_, asio::error::timed_out, target_.address, target_.expected_site)
                   : resolve_error("no answer from the name service in time"));
}

void Dial::finish(Result<std::unique_ptr<Connection>> outcome) {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  resolver_.cancel();
  std::error_code ignored;
  if (socket_.is_open()) socket_.close(ignored);
  const auto done = std::exchange(done_, nullptr);
  if (network_->open) done(std::move(outcome));
}

Error Dial::from_error(ErrorCode code, std::string what) const {
  return Error{.code = code,
               .where = who_ + ", phase connect",
               .what = "cannot connect from " + target_.from + " to " + to_string(target_.address) + ": " + std::move(what),
               .fix = "write an address of this machine in the run file",
               .cause = {}};
}

Error Dial::resolve_error(std::string what) const {
  return Error{.code = ErrorCode::retry,
               .where = who_ + ", phase resolve",
               .what = "the name " + target_.address.host + " was not found: " + std::move(what),
               .fix = "check the name in the run file, or write the address in numbers",
               .cause = {}};
}

}  // namespace intertie::env::real
