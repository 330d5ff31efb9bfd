#include "intertie/links/link.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::links {
namespace {
// A stream gets its next chunk when less than this is waiting in it: enough to keep it busy, little enough that a chunk is
// not stuck behind a slow stream.
constexpr std::uint64_t kAhead = 64 * 1024;
constexpr std::size_t kRoundTripsKept = 10;
}  // namespace

Link::Link(env::Loop& loop, const Settings& settings, Handlers handlers)
    : loop_(loop), settings_(settings), handlers_(std::move(handlers)), merge_(settings.num_merge_streams) {}

Link::~Link() { loop_.cancel(heartbeat_timer_); }

template <class Function>
void Link::for_each_stream(Function function) const {
  if (control_) function(*control_);
  for (const auto& stream : merge_) {
    if (stream) function(*stream);
  }
}

Stream::Handlers Link::stream_handlers() {
  return {.message = [this](wire::Message message) { receive(std::move(message)); },
          .drained = [this] { pump(); },
          .closed = [this](Error error) { fail(std::move(error)); }};
}

void Link::attach_control(std::unique_ptr<Stream> stream) {
  control_ = std::move(stream);
  control_->set_handlers(stream_handlers());
  last_heard_ = loop_.now();
  beat();
}

void Link::attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream) {
  merge_.at(number) = std::move(stream);
  merge_[number]->set_handlers(stream_handlers());
  pump();
}

bool Link::complete() const {
  return std::all_of(merge_.begin(), merge_.end(), [](const auto& stream) { return stream != nullptr; });
}

void Link::send(const wire::Message& message) {
  if (control_ && !failed_ && !closing_) control_->send(message);
}

void Link::send_chunk(wire::Chunk chunk) {
  queue_.push_back(std::move(chunk));
  pump();
}

void Link::pump() {
  if (failed_ || closing_) return;
  for (const auto& stream : merge_) {
    while (stream && !queue_.empty() && stream->unsent().value <= kAhead) {
      stream->send(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  count_transfer();
}

void Link::count_transfer() {
  if (queue_.empty() == !waiting_since_) return;
  if (queue_.empty()) {
    transferred_ = transfer();
    waiting_since_.reset();
  } else {
    waiting_since_ = loop_.now();
    handed_on_before_ = handed_on();
  }
}

Bytes Link::handed_on() const {
  Bytes total;
  for (const auto& stream : merge_) {
    if (stream) total.value += stream->bytes_sent().value - std::min(stream->unsent(), stream->bytes_sent()).value;
  }
  return total;
}

Link::Transfer Link::transfer() const {
  if (!waiting_since_) return transferred_;
  return {Bytes{transferred_.bytes.value + handed_on().value - handed_on_before_.value},
          transferred_.time + (loop_.now() - *waiting_since_)};
}

void Link::receive(wire::Message message) {
  last_heard_ = loop_.now();
  if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message)) return on_heartbeat(*heartbeat);
  handlers_.message(std::move(message));
}

// A heartbeat echoes the last one heard, advanced by the time it was held here, so the difference to the original sender's
// clock is the time on the way, there and back.
void Link::on_heartbeat(const wire::Heartbeat& heartbeat) {
  last_sent_by_peer_ = heartbeat.sent;
  last_sent_by_peer_at_ = loop_.now();
  if (heartbeat.echoed == 0) return;
  const auto now = static_cast<std::uint64_t>(loop_.now().time_since_epoch().count());
  if (now < heartbeat.echoed) return;
  recent_round_trips_.push_back(Duration(static_cast<std::int64_t>(now - heartbeat.echoed)));
  if (recent_round_trips_.size() > kRoundTripsKept) recent_round_trips_.pop_front();
  round_trip_ = *std::min_element(recent_round_trips_.begin(), recent_round_trips_.end());
}

void Link::beat() {
  if (failed_ || closing_) return;
  const env::TimePoint now = loop_.now();
  if (now - last_heard_ > settings_.silence_limit) {
    return fail({.code = ErrorCode::retry,
                 .where = {},
                 .what = "nothing was heard for " + to_string(now - last_heard_),
                 .fix = "check the line and the other machine",
                 .cause = {}});
  }
  const auto held = static_cast<std::uint64_t>((now - last_sent_by_peer_at_).count());
  control_->send(wire::Heartbeat{.sent = static_cast<std::uint64_t>(now.time_since_epoch().count()),
                                 .echoed = last_sent_by_peer_ == 0 ? 0 : last_sent_by_peer_ + held});
  heartbeat_timer_ = loop_.call_after(settings_.heartbeat_every, [this] { beat(); });
}

void Link::close_after_sending() {
  closing_ = true;
  for_each_stream([](Stream& stream) { stream.close_after_sending(); });
}

bool Link::closed() const {
  bool all = true;
  for_each_stream([&all](const Stream& stream) { all = all && stream.closed(); });
  return all;
}

void Link::fail(Error error) {
  if (closing_) {
    const auto closed = handlers_.closed;
    return closed();
  }
  if (failed_) return;
  failed_ = true;
  const auto lost = handlers_.lost;
  lost(std::move(error));
}

Bytes Link::bytes_sent() const {
  Bytes total;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_sent(); });
  return total;
}

Bytes Link::bytes_received() const {
  Bytes total;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_received(); });
  return total;
}

std::string Link::congestion_control() const { return control_ ? control_->congestion_control() : std::string("none"); }

}  // namespace intertie::links
