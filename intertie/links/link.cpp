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

Link::~Link() {
  loop_.cancel(heartbeat_timer_);
  loop_.cancel(ended_timer_);
}

template <class Function>
void Link::for_each_stream(Function function) const {
  if (control_.stream) function(*control_.stream);
  for (const Held& held : merge_) {
    if (held.stream) function(*held.stream);
  }
}

void Link::attach_control(std::unique_ptr<Stream> stream) {
  control_ = {std::move(stream), {}, loop_.now()};
  control_.stream->set_handlers({.message = [this](wire::Message message) { receive(std::move(message)); },
                                 .drained = {},
                                 .closed = [this](Error error) { fail(std::move(error)); }});
  beat();
}

void Link::attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream) {
  merge_.at(number) = {std::move(stream), {}, loop_.now()};
  merge_[number].stream->set_handlers({.message =
                                           [this](wire::Message message) {
                                             if (!std::holds_alternative<wire::Heartbeat>(message)) receive(std::move(message));
                                           },
                                       .drained = [this] { pump(); },
                                       .closed = [this](const Error& error) { merge_stream_ended(error); }});
  pump();
}

bool Link::complete() const {
  return std::all_of(merge_.begin(), merge_.end(), [](const Held& held) { return held.stream != nullptr; });
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is the stream
void Link::send(const wire::Message& message) {
  if (control_.stream && !failed_ && !closing_) control_.stream->send(message);
}

void Link::send_chunk(wire::Chunk chunk) {
  queue_.push_back(std::move(chunk));
  pump();
}

// Beginning with another stream each time, so that small merges use all of them too.
void Link::pump() {
  if (failed_ || closing_) return;
  for (std::size_t i = 0; i < merge_.size() && !queue_.empty(); ++i) {
    const Held& held = merge_[(next_merge_ + i) % merge_.size()];
    while (held.stream && !held.stream->closed() && !queue_.empty() && held.stream->unsent().value <= kAhead) {
      held.stream->send(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  if (!merge_.empty()) next_merge_ = (next_merge_ + 1) % merge_.size();
  count_transfer();
}

// A stream says when it has drained to kAhead, so the end of this is noticed at once.
bool Link::busy() const {
  const auto full = [](const Held& held) {
    return held.stream && !held.stream->closed() && held.stream->unsent().value > kAhead;
  };
  return !queue_.empty() || std::any_of(merge_.begin(), merge_.end(), full);
}

void Link::count_transfer() {
  if (busy() == waiting_since_.has_value()) return;
  if (waiting_since_) {
    transferred_ = transfer();
    waiting_since_.reset();
  } else {
    waiting_since_ = loop_.now();
    handed_on_before_ = handed_on();
  }
}

Bytes Link::handed_on() const {
  Bytes total;
  for (const Held& held : merge_) {
    if (!held.stream) continue;
    const Bytes sent = held.stream->bytes_sent();
    total.value += sent.value - std::min(held.stream->unsent(), sent).value;
  }
  return total;
}

Link::Transfer Link::transfer() const {
  if (!waiting_since_) return transferred_;
  return {Bytes{transferred_.bytes.value + handed_on().value - handed_on_before_.value},
          transferred_.time + (loop_.now() - *waiting_since_)};
}

void Link::receive(wire::Message message) {
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

void Link::listen_to(Held& held, env::TimePoint now) {
  if (!held.stream || held.stream->bytes_received() == held.received) return;
  held.received = held.stream->bytes_received();
  held.heard_at = now;
}

std::optional<Error> Link::silence(env::TimePoint now) const {
  const auto silent = [now](env::TimePoint since, const std::string& of) {
    return Error{.code = ErrorCode::retry,
                 .where = {},
                 .what = "nothing was heard for " + to_string(now - since) + of,
                 .fix = "check the line and the other machine",
                 .cause = {}};
  };
  env::TimePoint last = control_.heard_at;
  for (const Held& held : merge_) last = std::max(last, held.heard_at);
  if (now - last > settings_.silence_limit) return silent(last, "");
  for (std::size_t i = 0; i < merge_.size(); ++i) {
    if (!merge_[i].stream || now - merge_[i].heard_at <= settings_.stream_silence_limit) continue;
    return silent(merge_[i].heard_at, fmt::format(" over merge stream {}, while others live", i));
  }
  return std::nullopt;
}

void Link::beat() {
  if (failed_ || closing_) return;
  const env::TimePoint now = loop_.now();
  listen_to(control_, now);
  for (Held& held : merge_) listen_to(held, now);
  if (std::optional<Error> error = silence(now)) return fail(std::move(*error));

  const auto held = static_cast<std::uint64_t>((now - last_sent_by_peer_at_).count());
  const wire::Heartbeat heartbeat{.sent = static_cast<std::uint64_t>(now.time_since_epoch().count()),
                                  .echoed = last_sent_by_peer_ == 0 ? 0 : last_sent_by_peer_ + held};
  for_each_stream([&heartbeat](Stream& stream) {
    if (!stream.closed()) stream.send(heartbeat);
  });
  heartbeat_timer_ = loop_.call_after(settings_.heartbeat_every, [this] { beat(); });
}

// A site that goes closes all its connections, and the control stream, which brings its farewell, may be the last to end.
void Link::merge_stream_ended(const Error& error) {
  if (closing_ || error.code == ErrorCode::give_up) return fail(error);
  loop_.cancel(ended_timer_);
  ended_timer_ = loop_.call_after(settings_.silence_limit, [this, error] { fail(error); });
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

std::string Link::congestion_control() const {
  return control_.stream ? control_.stream->congestion_control() : std::string("none");
}

}  // namespace intertie::links
