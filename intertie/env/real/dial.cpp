#include "intertie/env/real/dial.h"

#include <algorithm>
#include <asio/connect.hpp>
#include <asio/post.hpp>
#include <utility>

#include "intertie/env/real/socket.h"
#include "intertie/env/real/tls_handshake.h"

namespace intertie::env::real {

Dial::Dial(std::shared_ptr<NetworkState> network, Address address, std::string expected_site, Network::Connected connected)
    : network_(std::move(network)),
      address_(std::move(address)),
      expected_site_(std::move(expected_site)),
      who_(expected_site_.empty() ? to_string(address_) : "site " + expected_site_ + " (" + to_string(address_) + ")"),
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
  const auto numeric = asio::ip::make_address(address_.host, not_numeric);
  if (not_numeric) return resolve();
  asio::post(network_->io, [self = shared_from_this(), numeric] { self->connect({{numeric, self->address_.port}}); });
}

void Dial::resolve() {
  resolver_.async_resolve(address_.host, std::to_string(address_.port), asio::ip::tcp::resolver::numeric_service,
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
  asio::async_connect(socket_, endpoints,
                      [self = shared_from_this()](const std::error_code& error, const auto&) { self->connected(error); });
}

void Dial::connected(const std::error_code& error) {
  if (over_) return;
  if (error) return finish(connect_error(who_, error, address_, expected_site_));
  if (!network_->open) return finish(connect_error(who_, asio::error::operation_aborted, address_, expected_site_));
  set_stream_options(socket_, network_->options.congestion_control);
  if (!network_->tls) return finish(plain_connection(*network_, std::move(socket_), address_));
  secure();
}

void Dial::secure() {
  if (const Result<void> looked = network_->tls->look_at_revoked(); !looked) return finish(looked.error());
  auto session =
      std::make_unique<TlsSession>(*network_->tls, TlsSession::Options{.accepts = false,
                                                                       .expected_site = expected_site_,
                                                                       .who = who_,
                                                                       .key_update_after = network_->options.key_update_after});
  auto handshake = std::make_shared<TlsHandshake>(std::move(socket_), std::move(session), who_, address_, network_->buffers);
  const auto deadline = timer_.expiry();
  timer_.cancel();
  handshake->begin(
      deadline, [self = shared_from_this()](Result<std::unique_ptr<Connection>> outcome) { self->finish(std::move(outcome)); });
}

void Dial::timed_out() {
  if (over_) return;
  finish(resolved_ ? connect_error(who_, asio::error::timed_out, address_, expected_site_)
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

Error Dial::resolve_error(std::string what) const {
  return Error{.code = ErrorCode::retry,
               .where = who_ + ", phase resolve",
               .what = "the name " + address_.host + " was not found: " + std::move(what),
               .fix = "check the name in the run file, or write the address in numbers",
               .cause = {}};
}

}  // namespace intertie::env::real
