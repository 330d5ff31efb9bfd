#include "intertie/links/path.h"

#include <algorithm>

namespace intertie::links {
namespace {

constexpr std::size_t kRoundTripsKept = 10;

// Congestion controls. Reno, which every system has, doubles for as long as nothing is lost; cubic stops when acknowledgements
// come without a gap for a round trip (HyStart), as they do of what is paced.
constexpr const char* kStopsEarly = "cubic";
constexpr const char* kGoesWithThePace = "reno";
constexpr const char* kLooksForTheRate = "bbr";

}  // namespace

Path::Path(env::Loop& loop, std::uint16_t number, std::uint16_t num_merge_streams, Handlers handlers)
    : loop_(loop), number_(number), handlers_(std::move(handlers)), merge_(num_merge_streams) {}

// ---- streams ----

void Path::attach_control(std::unique_ptr<Stream> stream) {
  control_ = {std::move(stream), {}, loop_.now()};
  control_.stream->set_handlers({.message =
                                     [this](wire::Message message) {
                                       if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message)) {
                                         return on_heartbeat(*heartbeat);
                                       }
                                       handlers_.message(std::move(message));
                                     },
                                 .drained = {},
                                 .closed = [this](Error error) { handlers_.ended(std::move(error)); }});
  send_heartbeats(loop_.now());
}

void Path::attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream) {
  drop(merge_.at(number));
  merge_[number] = {std::move(stream), {}, loop_.now()};
  merge_[number].stream->set_handlers(
      {.message =
           [this](wire::Message message) {
             if (std::holds_alternative<wire::Heartbeat>(message)) return;
             handlers_.message(std::move(message));
           },
       .drained = [this] { handlers_.drained(); },
       .closed = [this, number](Error error) { handlers_.merge_ended(number, std::move(error)); }});
}

// The stream may be in the middle of delivering, so it is destroyed from the loop.
void Path::drop(Held& held) {
  if (!held.stream) return;
  dropped_sent_ = dropped_sent_ + held.stream->bytes_sent();
  dropped_received_ = dropped_received_ + held.stream->bytes_received();
  held.stream->set_handlers({});
  loop_.post([stream = std::shared_ptr<Stream>(std::move(held.stream))] {});
  held = {};
}

void Path::drop_merge(std::uint16_t number) { drop(merge_.at(number)); }

void Path::drop() {
  drop(control_);
  for (Held& held : merge_) drop(held);
}

// ---- hearing ----

std::optional<env::TimePoint> Path::heard_at() const {
  if (!is_open()) return std::nullopt;
  env::TimePoint last = control_.heard_at;
  for (const Held& held : merge_) last = std::max(last, held.heard_at);
  return last;
}

std::optional<env::TimePoint> Path::heard_at(std::size_t merge) const {
  return merge_[merge].stream ? std::optional(merge_[merge].heard_at) : std::nullopt;
}

void Path::listen_to(Held& held, env::TimePoint now) const {
  if (!held.stream || held.stream->bytes_received() == held.received) return;
  held.received = held.stream->bytes_received();
  held.heard_at = now;
}

void Path::listen(env::TimePoint now) {
  listen_to(control_, now);
  for (Held& held : merge_) listen_to(held, now);
}

void Path::send_heartbeats(env::TimePoint now) {
  const auto held = static_cast<std::uint64_t>((now - last_sent_by_peer_at_).count());
  const wire::Heartbeat heartbeat{.sent = static_cast<std::uint64_t>(now.time_since_epoch().count()),
                                  .echoed = last_sent_by_peer_ == 0 ? 0 : last_sent_by_peer_ + held};
  for_each_stream([&heartbeat](Stream& stream) {
    if (!stream.closed()) stream.send(heartbeat);
  });
}

void Path::forget_heartbeats() {
  recent_round_trips_.clear();
  last_sent_by_peer_ = 0;
}

// A heartbeat echoes the last one heard, advanced by the time it was held here, so the difference to the original sender's
// clock is the time on the way, there and back.
void Path::on_heartbeat(const wire::Heartbeat& heartbeat) {
  last_sent_by_peer_ = heartbeat.sent;
  last_sent_by_peer_at_ = loop_.now();
  if (heartbeat.echoed == 0) return;
  const auto now = static_cast<std::uint64_t>(loop_.now().time_since_epoch().count());
  if (now < heartbeat.echoed) return;
  recent_round_trips_.push_back(Duration(static_cast<std::int64_t>(now - heartbeat.echoed)));
  if (recent_round_trips_.size() > kRoundTripsKept) recent_round_trips_.pop_front();
  round_trip_ = *std::min_element(recent_round_trips_.begin(), recent_round_trips_.end());
  if (handlers_.round_trip) handlers_.round_trip(recent_round_trips_.back());
}

// ---- what merge streams are used for ----

std::vector<std::size_t> Path::used_streams(std::size_t at_most) const {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < merge_.size() && (at_most == 0 || used.size() < at_most); ++i) {
    if (merge_[i].stream && !merge_[i].stream->closed()) used.push_back(i);
  }
  return used;
}

std::vector<std::size_t> Path::padded_streams(std::optional<Turn> probed) const {
  std::size_t begin = 0, end = merge_.size();
  if (probed && end > 1) {
    const std::size_t middle = 1 + (end - 1) / 2;
    begin = *probed == Turn::first ? 1 : middle;
    if (*probed == Turn::first && middle > 1) end = middle;
  }
  std::vector<std::size_t> padded;
  for (std::size_t i = begin; i < end; ++i) {
    if (merge_[i].stream && !merge_[i].stream->closed()) padded.push_back(i);
  }
  return padded;
}

// A chunk goes to whichever stream is free, so equal parts of the rate are used whole.
void Path::pace(const std::vector<std::size_t>& streams, BitRate rate, bool probed) {
  for (std::size_t number = 0; number < merge_.size(); ++number) {
    if (!has_merge(number)) continue;
    const bool paced = std::find(streams.begin(), streams.end(), number) != streams.end() &&
                       !(probed && merge(number).congestion_control() == kLooksForTheRate);
    merge(number).set_pacing(BitRate{paced ? rate.bits_per_second / static_cast<double>(streams.size()) : 0});
  }
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is streams
void Path::begin_probe(const std::vector<std::size_t>& streams) {
  for (const std::size_t number : streams) {
    if (merge(number).congestion_control() == kStopsEarly) merge(number).set_congestion_control(kGoesWithThePace);
  }
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is streams
void Path::end_probe(const std::vector<std::size_t>& streams) {
  for (const std::size_t number : streams) {
    if (merge(number).congestion_control() == kGoesWithThePace) merge(number).set_congestion_control(congestion_control());
  }
}

// ---- counting ----

bool Path::full() const {
  return std::any_of(merge_.begin(), merge_.end(), [](const Held& held) {
    return held.stream && !held.stream->closed() && held.stream->unsent().value > kAhead;
  });
}

Bytes Path::handed_on() const {
  Bytes total;
  for (const Held& held : merge_) {
    if (!held.stream) continue;
    const Bytes sent = held.stream->bytes_sent();
    total.value += sent.value - std::min(held.stream->unsent(), sent).value;
  }
  return total;
}

Bytes Path::delivered() const {
  Bytes total;
  for (const Held& held : merge_) {
    if (held.stream) total = total + held.stream->sending().acknowledged;
  }
  return total;
}

Bytes Path::bytes_sent() const {
  Bytes total = dropped_sent_;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_sent(); });
  return total;
}

Bytes Path::bytes_received() const {
  Bytes total = dropped_received_;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_received(); });
  return total;
}

std::string Path::congestion_control() const {
  return control_.stream ? control_.stream->congestion_control() : std::string("none");
}

}  // namespace intertie::links
