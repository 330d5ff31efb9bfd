#include "intertie/env/real/tls_handshake.h"

#include <asio/error.hpp>
#include <utility>

#include "intertie/env/real/socket.h"

namespace intertie::env::real {
namespace {

constexpr auto kDrain = std::chrono::seconds(1);

}  // namespace

TlsHandshake::TlsHandshake(asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> session, std::string who, Address address,
                           std::shared_ptr<ReadBuffers> buffers)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      session_(std::move(session)),
      who_(std::move(who)),
      address_(std::move(address)),
      buffers_(std::move(buffers)) {}

void TlsHandshake::begin(std::chrono::steady_clock::time_point deadline, Done done) {
  done_ = std::move(done);
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const std::error_code& cancelled) {
    if (cancelled || self->over_) return;
    self->fail(
        self->error("no TLS handshake in time", "check that the address is of a site of the run, and the network between"));
  });
  step();
}

void TlsHandshake::abandon() {
  over_ = true;
  done_ = nullptr;
  timer_.cancel();
  std::error_code ignored;
  socket_.close(ignored);
}

void TlsHandshake::step() {
  auto finished = session_->handshake();
  const std::error_code written = write_output();
  if (!finished) return fail(finished.error());
  if (written && !would_block(written)) return fail(error(transfer_error({}, written).what, {}));
  if (*finished) return succeed();
  wait(session_->output().empty() ? asio::ip::tcp::socket::wait_read : asio::ip::tcp::socket::wait_write);
}

std::error_code TlsHandshake::write_output() {
  auto& output = session_->output();
  std::error_code error;
  while (!output.empty() && !error) {
    const std::size_t written = socket_.write_some(asio::buffer(output), error);
    output.erase(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(written));
  }
  return error;
}

void TlsHandshake::wait(asio::ip::tcp::socket::wait_type what) {
  socket_.async_wait(what, [self = shared_from_this()](const std::error_code& failed) {
    if (failed || (self->over_ && !self->draining_)) return;
    self->draining_ ? self->drain() : self->readable();
  });
}

void TlsHandshake::readable() {
  std::error_code failed;
  const std::size_t got = socket_.read_some(asio::buffer(buffers_->network), failed);
  if (failed && !would_block(failed)) return fail(error(transfer_error({}, failed).what, "see the log of the other side"));
  session_->receive(std::span<const std::byte>(buffers_->network).first(got));
  step();
}

void TlsHandshake::succeed() {
  over_ = true;
  timer_.cancel();
  session_->keep_rest();
  Peer peer = session_->peer();
  peer.address = to_string(address_);
  const std::string who = peer.role + " " + peer.name + " (" + peer.address + ")";
  session_->rename_peer(who);
  auto stream = std::make_shared<SocketStream>(std::move(socket_), std::move(session_), std::move(peer), who, buffers_);
  std::exchange(done_, nullptr)(std::unique_ptr<Connection>(std::make_unique<SocketConnection>(std::move(stream))));
}

void TlsHandshake::fail(Error error) {
  if (over_) return;
  const Done done = std::exchange(done_, nullptr);
  if (session_->refused_certificate()) {
    over_ = draining_ = true;
    timer_.expires_after(kDrain);
    timer_.async_wait([self = shared_from_this()](const std::error_code& cancelled) {
      if (!cancelled) self->abandon();
    });
    std::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    wait(asio::ip::tcp::socket::wait_read);
  } else {
    abandon();
  }
  done(std::move(error));
}

// The other side may have sent something by now; to close over unread bytes would reset the connection, and our alert, which
// says why, would be lost. So what comes is read and thrown away, for a second at most.
void TlsHandshake::drain() {
  std::error_code failed;
  socket_.read_some(asio::buffer(buffers_->network), failed);
  if (failed && !would_block(failed)) return abandon();
  wait(asio::ip::tcp::socket::wait_read);
}

Error TlsHandshake::error(std::string what, std::string fix) const {
  return Error{.code = ErrorCode::retry,
               .where = who_ + ", phase TLS handshake",
               .what = std::move(what),
               .fix = std::move(fix),
               .cause = {}};
}

}  // namespace intertie::env::real
