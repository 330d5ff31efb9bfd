#include "intertie/links/stream.h"

namespace intertie::links {
namespace {
constexpr Bytes kLowMark{64 * 1024};
}

Stream::Stream(std::unique_ptr<env::Connection> connection, Handlers handlers, std::uint32_t later_limit)
    : connection_(std::move(connection)),
      handlers_(std::move(handlers)),
      reader_(wire::kMaxFirstFrame, later_limit),
      alive_(std::make_shared<const bool>(true)) {
  connection_->set_low_mark(kLowMark);
  connection_->start({.received = [this](std::span<const std::byte> bytes) { receive(bytes); },
                      .drained =
                          [this] {
                            if (handlers_.drained) handlers_.drained();
                          },
                      .closed = [this](Error error) { fail(std::move(error)); }});
}

void Stream::send(const wire::Message& message) {
  wire::EncodedFrame frame = wire::encode_frame(message, next_sequence_++);
  bytes_sent_ = bytes_sent_ + Bytes{frame.head.size() + frame.payload.size()};
  connection_->send(std::move(frame.head));
  if (!frame.payload.empty()) connection_->send(std::move(frame.payload));
}

void Stream::receive(std::span<const std::byte> bytes) {
  if (failed_) return;
  bytes_received_ = bytes_received_ + Bytes{bytes.size()};
  std::vector<wire::Message> messages;
  const Result<void> fed = reader_.feed(bytes, messages);
  const std::weak_ptr<const bool> alive = alive_;
  for (wire::Message& message : messages) {
    const auto handler = handlers_.message;  // the handler may replace itself
    if (handler) handler(std::move(message));
    if (alive.expired()) return;
  }
  if (!fed) fail(fed.error());
}

void Stream::fail(Error error) {
  if (failed_) return;
  failed_ = true;
  const auto handler = handlers_.closed;
  if (handler) handler(std::move(error));
}

}  // namespace intertie::links
