#include "intertie/env/real/socket_stream.h"

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include "intertie/env/real/socket.h"
#include "intertie/env/real/tcp_info.h"

namespace intertie::env::real {
namespace {

constexpr std::size_t kSmallSend = 4 * 1024;  // below this, sends are gathered into one TLS record
constexpr std::size_t kRecord = 16 * 1024;    // the largest TLS record
constexpr std::size_t kMostBuffers = 64;      // of one writev
constexpr BitRate kSlow{12e6};                // two packets take 2 ms
constexpr int kBatchesPerTurn = 8;            // then other streams have their turn
constexpr int kReadsPerTurn = 4;
constexpr auto kLinger = std::chrono::seconds(5);  // for the other side to close too

}  // namespace

SocketStream::SocketStream(asio::ip::tcp::socket socket, std::unique_ptr<TlsSession> session, Peer peer, std::string who,
                           std::shared_ptr<ReadBuffers> buffers)
    : socket_(std::move(socket)),
      linger_(socket_.get_executor()),
      session_(std::move(session)),
      peer_(std::move(peer)),
      who_(std::move(who)),
      buffers_(std::move(buffers)) {}

void SocketStream::start(Connection::Handlers handlers) {
  handlers_ = std::move(handlers);
  flush_soon();
  // Bytes may have come with the end of the handshake; they are delivered first, and not from inside start().
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!self->dead_ && self->session_) self->deliver_decrypted({});
    if (!self->dead_) self->wait_to_read();
  });
}

void SocketStream::send(SharedBytes bytes) {
  if (dead_ || closing_ || bytes.empty()) return;
  queued_.value += bytes.size();
  queue_.push_back(std::move(bytes));
  low_mark_.rose(unsent());
  flush_soon();
}

Bytes SocketStream::unsent() const {
  if (dead_) return {};
  const std::size_t on_wire = session_ ? session_->output().size() : batch_bytes_;
  return queued_ + Bytes{std::min(batch_bytes_, on_wire - batch_written_)};
}

void SocketStream::set_pacing(BitRate rate) {
  set_pacing_rate(socket_, rate);
  const bool slow = rate.bits_per_second > 0 && rate.bits_per_second < kSlow.bits_per_second;
  most_at_once_ = slow ? sending_of(socket_.native_handle()).packet.value : 0;
}

void SocketStream::close_after_sending() {
  if (dead_ || closing_) return;
  closing_ = true;
  flush_soon();
}

void SocketStream::abandon() {
  dead_ = true;
  linger_.cancel();
  std::error_code ignored;
  socket_.close(ignored);
}

// One flush for everything that is sent in this turn of the loop.
void SocketStream::flush_soon() {
  if (flush_posted_) return;
  flush_posted_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void SocketStream::flush() {
  if (dead_ || waiting_to_write_) return;
  for (int batches = 0; has_batch() || fill_batch();) {
    const std::error_code error = write_some();
    if (would_block(error)) {
      wait_to_write();
      break;
    }
    if (error) return fail(transfer_error(who_, error));
    if (!has_batch() && ++batches == kBatchesPerTurn) {
      flush_soon();
      break;
    }
  }
  if (!dead_ && low_mark_.fell(unsent()) && handlers_.drained) handlers_.drained();
  if (!dead_ && closing_ && queue_.empty() && !has_batch()) finish_sending();
}

bool SocketStream::has_batch() const { return session_ ? !session_->output().empty() : !batch_.empty(); }

// Takes up to kBatch bytes from the queue; false if there is nothing to take or the session failed.
bool SocketStream::fill_batch() {
  while (!queue_.empty() && batch_bytes_ < kBatch) {
    SharedBytes& front = queue_.front();
    const std::size_t size = std::min(front.size(), kBatch - batch_bytes_);
    batch_.push_back(front.slice(0, size));
    batch_bytes_ += size;
    queued_.value -= size;
    if (size == front.size()) {
      queue_.pop_front();
    } else {
      front = front.slice(size, front.size() - size);
    }
  }
  if (batch_.empty() || !session_) return !batch_.empty();
  const auto encrypted = encrypt_batch();
  batch_.clear();
  if (!encrypted) fail(encrypted.error());
  return !dead_;
}

Result<void> SocketStream::encrypt_batch() {
  small_.clear();
  for (const SharedBytes& bytes : batch_) {
    if (small_.size() + bytes.size() > kRecord || bytes.size() >= kSmallSend) {
      if (!small_.empty()) INTERTIE_RETURN_IF_ERROR(session_->write(small_));
      small_.clear();
    }
    if (bytes.size() >= kSmallSend) {
      INTERTIE_RETURN_IF_ERROR(session_->write(bytes.view()));
    } else {
      small_.insert(small_.end(), bytes.view().begin(), bytes.view().end());
    }
  }
  return small_.empty() ? Result<void>() : session_->write(small_);
}

// One system call; at the end of the batch forgets it.
std::error_code SocketStream::write_some() {
  std::array<asio::const_buffer, kMostBuffers> buffers;
  std::size_t total = 0, count = 0, skip = batch_written_;
  const auto add = [&](std::span<const std::byte> bytes) {
    const std::size_t skipped = std::min(skip, bytes.size());
    skip -= skipped;
    if (count < kMostBuffers && skipped < bytes.size())
      buffers[count++] = asio::const_buffer(bytes.data() + skipped, bytes.size() - skipped);
    total += bytes.size();
  };
  if (session_) {
    add(session_->output());
  } else {
    for (const SharedBytes& bytes : batch_) add(bytes.view());
  }
  std::error_code error;
  if (most_at_once_ > 0 && session_) {
    const asio::const_buffer packet = asio::buffer(buffers[0], most_at_once_);
    batch_written_ += socket_.send(packet, asio::socket_base::message_end_of_record, error);
  } else {
    batch_written_ += socket_.write_some(std::span(buffers).first(count), error);
  }
  if (batch_written_ == total) {
    if (session_) session_->output().clear();
    batch_.clear();
    batch_bytes_ = batch_written_ = 0;
  }
  return error;
}

void SocketStream::wait_to_write() {
  waiting_to_write_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const std::error_code&) {
    self->waiting_to_write_ = false;
    self->flush();
  });
}

// Everything queued is with the kernel: says so to the other side and waits for it to close too, since closing earlier could
// make the kernel throw away what is on its way.
void SocketStream::finish_sending() {
  if (sent_all_) return;
  if (session_ && !said_goodbye_) {
    said_goodbye_ = true;
    session_->close();
    return flush_soon();
  }
  sent_all_ = true;
  std::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  linger_.expires_after(kLinger);
  linger_.async_wait([self = shared_from_this()](const std::error_code& error) {
    if (!error) self->other_side_closed();
  });
}

void SocketStream::wait_to_read() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const std::error_code&) {
    if (!self->dead_) self->readable();
  });
}

void SocketStream::readable() {
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const std::error_code error = read_some();
    if (dead_) return;
    if (would_block(error)) break;
    if (error == asio::error::eof) return other_side_closed();
    if (error) return fail(transfer_error(who_, error));
  }
  wait_to_read();
}

std::error_code SocketStream::read_some() {
  std::error_code error;
  const std::size_t got = socket_.read_some(asio::buffer(buffers_->network), error);
  if (error) return error;
  const auto bytes = std::span<const std::byte>(buffers_->network).first(got);
  if (session_) {
    deliver_decrypted(bytes);
  } else if (handlers_.received) {
    handlers_.received(bytes);
  }
  // A short read emptied the socket; asking again would cost a call to hear so.
  return got < buffers_->network.size() ? asio::error::would_block : error;
}

void SocketStream::deliver_decrypted(std::span<const std::byte> bytes) {
  session_->receive(bytes);
  const std::span<std::byte> plain = buffers_->plain;
  std::size_t have = 0;
  for (bool more = true; more;) {
    const auto got = session_->read(plain.subspan(have));
    more = got && *got > 0;
    have += got ? *got : 0;
    if (have > 0 && (!more || plain.size() - have < kRecord)) {
      if (handlers_.received) handlers_.received(plain.first(have));
      have = 0;
    }
    if (dead_) return;
    if (!got) return fail(got.error());
  }
  if (session_->ended()) other_side_closed();
}

void SocketStream::other_side_closed() {
  if (!sent_all_) return fail(transfer_error(who_, asio::error::eof));
  fail(Error{.code = ErrorCode::cancelled, .where = who_, .what = "closed after sending, as asked", .fix = {}, .cause = {}});
}

void SocketStream::fail(Error error) {
  if (dead_) return;
  abandon();
  if (handlers_.closed) handlers_.closed(std::move(error));
}

std::string SocketConnection::congestion_control() const { return congestion_control_of(stream_->socket()); }

void SocketConnection::set_congestion_control(const std::string& name) {
  real::set_congestion_control(stream_->socket().native_handle(), name);
}

Sending SocketConnection::sending() const { return sending_of(stream_->socket().native_handle()); }

}  // namespace intertie::env::real
