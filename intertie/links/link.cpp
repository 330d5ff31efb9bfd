#include "intertie/links/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace intertie::links {
namespace {
// A stream gets its next chunk when less than this is waiting in it: enough to keep it busy, little enough that a chunk is
// not stuck behind a slow stream.
constexpr std::uint64_t kAhead = 64 * 1024;
constexpr std::size_t kPaddingFrame = 32 * 1024;
constexpr std::size_t kRoundTripsKept = 10;
constexpr int kRoundTripsToSpeedUp = 8;                // of a stream that was silent
constexpr double kKept = 0.9;                          // of a pace
constexpr Bytes kJudgedOver{std::uint64_t{1} << 20U};  // at its pace: of a few packets, each that is late counts for much

// Of a paced link. A rate that was taken for one in a hundred more than it is fills the queues on the way, and those who share
// them, control messages among them, wait.
constexpr Duration kMostQueued = std::chrono::milliseconds(5);
constexpr Bytes kOwnBursts{3 * 1538};  // that the streams of two links send at once, if they are slow
constexpr double kMostEased = 0.95, kEase = 0.01, kTighten = 0.0025;  // of the pace, with every beat

// Congestion controls. Reno, which every system has, doubles for as long as nothing is lost; cubic stops when acknowledgements
// come without a gap for a round trip (HyStart), as they do of what is paced.
constexpr const char* kStopsEarly = "cubic";
constexpr const char* kGoesWithThePace = "reno";
constexpr const char* kLooksForTheRate = "bbr";

constexpr Session::Way kControl = 0;
constexpr Session::Way way_of_merge(std::size_t number) { return static_cast<Session::Way>(1 + number); }

}  // namespace

Link::Link(env::Loop& loop, const Settings& settings, Handlers handlers)
    : loop_(loop),
      settings_(settings),
      handlers_(std::move(handlers)),
      session_(settings.self, settings.incarnation, settings.peer),
      merge_(settings.num_merge_streams) {}

template <class Function>
void Link::for_each_stream(Function function) const {
  if (control_.stream) function(*control_.stream);
  for (const Held& held : merge_) {
    if (held.stream) function(*held.stream);
  }
}

// ---- streams and sessions ----

void Link::begin_session(Incarnation theirs) {
  drop_streams();
  session_.begin(theirs);
  padding_left_ = {};
  recent_round_trips_.clear();
  last_sent_by_peer_ = 0;
}

void Link::end_session() {
  drop_streams();
  session_.end();
}

void Link::attach_control(std::unique_ptr<Stream> stream) {
  drop_streams();
  control_ = {std::move(stream), {}, loop_.now()};
  control_.stream->set_handlers({.message = [this](wire::Message message) { take(std::move(message)); },
                                 .drained = {},
                                 .closed = [this](Error error) { end_control(std::move(error)); }});
  send_heartbeats(loop_.now());
}

void Link::attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream) {
  const bool again = has_merge(number);
  drop(merge_.at(number));
  session_.lost(way_of_merge(number));
  if (again) handlers_.stream_ended();
  merge_[number] = {std::move(stream), {}, loop_.now()};
  merge_[number].stream->set_handlers({.message =
                                           [this](wire::Message message) {
                                             if (!std::holds_alternative<wire::Heartbeat>(message)) take(std::move(message));
                                           },
                                       .drained = [this] { pump(); },
                                       .closed = [this, number](Error error) { end_merge(number, std::move(error)); }});
  pace();
  pump();
}

bool Link::complete() const {
  return has_control() && std::all_of(merge_.begin(), merge_.end(), [](const Held& held) { return held.stream != nullptr; });
}

std::optional<env::TimePoint> Link::heard_at() const {
  if (!control_.stream || control_.stream->closed()) return std::nullopt;
  env::TimePoint last = control_.heard_at;
  for (const Held& held : merge_) last = std::max(last, held.heard_at);
  return last;
}

// The stream may be in the middle of delivering, so it is destroyed from the loop.
void Link::drop(Held& held) {
  if (!held.stream) return;
  if (waiting_since_) {  // what it has handed on is counted with it
    transferred_ = transfer();
    waiting_since_.reset();
  }
  dropped_sent_ = dropped_sent_ + held.stream->bytes_sent();
  dropped_received_ = dropped_received_ + held.stream->bytes_received();
  held.stream->set_handlers({});
  loop_.post([stream = std::shared_ptr<Stream>(std::move(held.stream))] {});
  held = {};
}

void Link::drop_streams() {
  const bool any = has_control();
  drop(control_);
  session_.lost(kControl);
  for (std::size_t i = 0; i < merge_.size(); ++i) {
    drop(merge_[i]);
    session_.lost(way_of_merge(i));
  }
  if (any) handlers_.streams_ended();
}

void Link::end_control(Error error) {
  if (closing_) {
    const auto closed = handlers_.closed;
    return closed();
  }
  drop_streams();
  const auto ended = handlers_.ended;
  ended(std::move(error));
}

void Link::end_merge(std::uint16_t number, Error error) {
  if (closing_) {
    const auto closed = handlers_.closed;
    return closed();
  }
  drop(merge_[number]);
  session_.lost(way_of_merge(number));
  handlers_.stream_ended();
  pace();
  pump();
  const auto ended = handlers_.merge_ended;
  ended(number, std::move(error));
}

void Link::refuse(const wire::Refusal& why) {
  if (!control_.stream) return send(wire::StreamClass::control, why);  // over a relay, if there is one
  // It is kept until the words have left. It may be in the middle of delivering, so it is destroyed from the loop.
  const auto last = parting_.insert(parting_.end(), std::move(control_.stream));
  (*last)->set_handlers({.message = {}, .drained = {}, .closed = [this, last](const Error&) {
                           loop_.post([stream = std::shared_ptr<Stream>(std::move(*last))] {});
                           parting_.erase(last);
                         }});
  (*last)->send(why);
  (*last)->close_after_sending();
  drop_streams();
}

// ---- sending ----

void Link::set_route(const Route& route) {
  if (route == route_) return;
  if (route_.relay && route_.relay != route.relay) session_.lost(Session::way_over({*route_.relay}));
  if (route_.direct && !route.direct) {
    session_.lost(kControl);
    for (std::size_t i = 0; i < merge_.size(); ++i) session_.lost(way_of_merge(i));
  }
  session_.acknowledge_again();  // the peer may wait for it, to send more over a relay
  route_ = route;
  acknowledged_ = session_.num_acknowledged();
  progress_at_ = loop_.now();
  pump();
}

void Link::send(wire::StreamClass stream_class, const wire::Message& message) {
  if (closing_) return;
  if (stream_class == wire::StreamClass::merge) padding_left_ = {};
  session_.push(stream_class, message);
  pump();
  handlers_.queued();
}

void Link::warm_up(Bytes most) {
  stop_filling();
  padding_left_ = most;
  pump();
}

void Link::fill(BitRate rate, Turn turn) {
  padding_left_ = Bytes{std::numeric_limits<std::uint64_t>::max()};
  filling_ = rate;
  turn_ = turn;
  for (const std::size_t number : padded_streams()) {
    Stream& stream = *merge_[number].stream;
    if (stream.congestion_control() == kStopsEarly) stream.set_congestion_control(kGoesWithThePace);
  }
  pace();
  pump();
}

void Link::stop_filling() {
  if (!filling_) return;
  for (const std::size_t number : padded_streams()) {
    Stream& stream = *merge_[number].stream;
    if (stream.congestion_control() == kGoesWithThePace) stream.set_congestion_control(congestion_control());
  }
  padding_left_ = Bytes{};
  filling_.reset();
  pace();
}

void Link::set_pacing(BitRate rate, std::size_t num_streams) {
  pacing_ = rate;
  num_used_ = std::min(num_streams, merge_.size());
  eased_ = 1;
  while_full_ = {};
  pace();
}

// The first ones that are there.
std::vector<std::size_t> Link::used_streams() const {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < merge_.size() && (num_used_ == 0 || used.size() < num_used_); ++i) {
    if (merge_[i].stream && !merge_[i].stream->closed()) used.push_back(i);
  }
  return used;
}

// A chunk goes to whichever stream is free, so equal parts of the rate are used whole.
void Link::pace() {
  const std::vector<std::size_t> used = filling_ ? padded_streams() : used_streams();
  const double rate = filling_ ? filling_->bits_per_second : pace_kept().bits_per_second;
  for (std::size_t number = 0; number < merge_.size(); ++number) {
    if (!merge_[number].stream) continue;
    Stream& stream = *merge_[number].stream;
    const bool paced = std::find(used.begin(), used.end(), number) != used.end() &&
                       !(filling_ && stream.congestion_control() == kLooksForTheRate);
    stream.set_pacing(BitRate{paced ? rate / static_cast<double>(used.size()) : 0});
  }
}

BitRate Link::pace_kept() const { return {eased_ * pacing_.value_or(BitRate{}).bits_per_second}; }

void Link::ease() {
  if (!pacing_ || filling_ || !waiting_since_) return;
  Duration queued{0};
  for (const std::size_t number : used_streams()) {
    const env::Sending sending = merge_[number].stream->sending();
    queued = std::max(queued, sending.round_trip - sending.least_round_trip);
  }
  const bool too_much = queued > kMostQueued + transfer_time(kOwnBursts, *pacing_);
  const double eased = too_much ? std::max(kMostEased, eased_ - kEase) : std::min(1.0, eased_ + kTighten);
  if (std::exchange(eased_, eased) != eased) pace();
}

std::vector<std::size_t> Link::padded_streams() const {
  std::size_t begin = 0, end = merge_.size();
  if (filling_ && end > 1) {
    const std::size_t middle = 1 + (end - 1) / 2;
    begin = turn_ == Turn::first ? 1 : middle;
    if (turn_ == Turn::first && middle > 1) end = middle;
  }
  std::vector<std::size_t> padded;
  for (std::size_t i = begin; i < end; ++i) {
    if (merge_[i].stream && !merge_[i].stream->closed()) padded.push_back(i);
  }
  return padded;
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is the stream
void Link::tell(const wire::Message& message) {
  if (control_.stream && !control_.stream->closed() && !closing_) control_.stream->send(message);
}

void Link::pump() {
  if (closing_) return;
  while (route_.relay && session_.has_next(wire::StreamClass::control)) {
    wire::Envelope next = session_.take_next(wire::StreamClass::control, Session::way_over({*route_.relay}));
    next.relays = {*route_.relay};
    handlers_.carry(*route_.relay, next);
  }
  if (!control_.stream || control_.stream->closed()) return;
  while (route_.direct && session_.has_next(wire::StreamClass::control)) {
    control_.stream->send(session_.take_next(wire::StreamClass::control, kControl));
  }
  pump_streams();
}

// Beginning with another stream each time, so that small merges use all of them too.
void Link::pump_streams() {
  const std::vector<std::size_t> used = used_streams();
  for (std::size_t i = 0; i < used.size() && handlers_.waits(); ++i) {
    const std::size_t number = used[(next_merge_ + i) % used.size()];
    const Held& held = merge_[number];
    while (!held.stream->closed() && held.stream->unsent().value <= kAhead) {
      const auto next = handlers_.next(way_of_merge(number));
      if (!next) break;
      held.stream->send(*next);
    }
  }
  if (!used.empty()) next_merge_ = (next_merge_ + 1) % used.size();
  pad();
  count_transfer();
}

// What comes next waits for what is queued of it, so that is no more than keeps a stream busy.
void Link::pad() {
  static const SharedBytes kNothing{std::vector<std::byte>(kPaddingFrame)};
  if (!route_.direct || handlers_.waits()) return;
  for (const std::size_t number : padded_streams()) {
    Stream& stream = *merge_[number].stream;
    while (padding_left_.value > 0 && !stream.closed() && stream.unsent().value <= kAhead) {
      const std::uint64_t size = std::min<std::uint64_t>(padding_left_.value, kPaddingFrame);
      stream.send(wire::Padding{kNothing.slice(0, size)});
      padding_left_.value -= size;
    }
  }
}

// A stream says when it has drained to kAhead, so the end of this is noticed at once.
bool Link::busy() const {
  const auto full = [](const Held& held) {
    return held.stream && !held.stream->closed() && held.stream->unsent().value > kAhead;
  };
  return handlers_.waits() || (padding_left_.value == 0 && std::any_of(merge_.begin(), merge_.end(), full));
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

Bytes Link::delivered() const {
  Bytes total;
  for (const Held& held : merge_) {
    if (held.stream) total = total + held.stream->sending().acknowledged;
  }
  return total;
}

// ---- receiving ----

void Link::take(wire::Message message) {
  if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message)) return on_heartbeat(*heartbeat);
  if (std::holds_alternative<wire::Padding>(message)) return;
  if (auto* hearing = std::get_if<wire::Hearing>(&message)) return handlers_.hearing(std::move(*hearing));
  if (const auto* refusal = std::get_if<wire::Refusal>(&message)) return handlers_.refused(*refusal);
  if (auto* envelope = std::get_if<wire::Envelope>(&message)) return handlers_.envelope(std::move(*envelope));
  // Anything else has no business outside an envelope.
  end_control({.code = ErrorCode::give_up,
               .where = {},
               .what = std::string("sent a message that no stream begins with or carries: ") + wire::name_of(message),
               .fix = "compare `intertie version` at both sites",
               .cause = {}});
}

void Link::receive(const wire::Envelope& envelope) {
  Result<std::vector<wire::Message>> due = session_.receive(envelope);
  if (!due) return handlers_.broken(due.error());
  const Incarnation of = session_.theirs();
  for (wire::Message& message : *due) {
    if (session_.theirs() != of) return;
    handlers_.message(std::move(message));
  }
  if (session_.owes_relayed()) acknowledge();
  pump();  // an acknowledgement may have made room
  handlers_.queued();
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
  if (handlers_.round_trip) handlers_.round_trip(recent_round_trips_.back());
}

// ---- the beat ----

void Link::listen_to(Held& held, env::TimePoint now) {
  if (!held.stream || held.stream->bytes_received() == held.received) return;
  held.received = held.stream->bytes_received();
  held.heard_at = now;
}

void Link::send_heartbeats(env::TimePoint now) {
  const auto held = static_cast<std::uint64_t>((now - last_sent_by_peer_at_).count());
  const wire::Heartbeat heartbeat{.sent = static_cast<std::uint64_t>(now.time_since_epoch().count()),
                                  .echoed = last_sent_by_peer_ == 0 ? 0 : last_sent_by_peer_ + held};
  for_each_stream([&heartbeat](Stream& stream) {
    if (!stream.closed()) stream.send(heartbeat);
  });
}

void Link::look_for_silence(env::TimePoint now) {
  const auto silent = [now](env::TimePoint since, const std::string& of) {
    return Error{.code = ErrorCode::retry,
                 .where = {},
                 .what = "nothing was heard for " + to_string(now - since) + of,
                 .fix = "check the line and the other machine",
                 .cause = {}};
  };
  const std::optional<env::TimePoint> last = heard_at();
  if (!last) return;
  if (now - *last > settings_.timing.drop_after) return end_control(silent(*last, ""));
  for (std::uint16_t i = 0; i < merge_.size(); ++i) {
    if (!merge_[i].stream || now - merge_[i].heard_at <= settings_.timing.stream_silence) continue;
    end_merge(i, silent(merge_[i].heard_at, fmt::format(" over merge stream {}, while others live", i)));
  }
}

// What keeps a stream below its part of the pace - losses by chance, a buffer shorter than the line - keeps two of them below
// it at twice the rate.
void Link::look_for_slow_streams(env::TimePoint now) {
  const Delivered before = std::exchange(last_beat_, Delivered{now, delivered()});
  const Duration speeding_up = kRoundTripsToSpeedUp * round_trip_;
  const bool full = pacing_ && !filling_ && waiting_since_ && before.at >= *waiting_since_ + speeding_up;
  if (!full || before.at < more_streams_at_ + speeding_up || num_used_ >= merge_.size()) return;
  if (last_beat_.bytes < before.bytes) return;  // a stream is gone
  while_full_.bytes = while_full_.bytes + Bytes{last_beat_.bytes.value - before.bytes.value};
  while_full_.time += last_beat_.at - before.at;
  if (while_full_.time < transfer_time(kJudgedOver, pace_kept())) return;
  const Transfer judged = std::exchange(while_full_, {});
  if (seconds_of(transfer_time(judged.bytes, pace_kept())) >= kKept * seconds_of(judged.time)) return;
  num_used_ = std::min(2 * num_used_, merge_.size());
  more_streams_at_ = now;
  pace();
  pump();
}

// A relay may have lost what it could not hand on.
void Link::look_for_progress(env::TimePoint now) {
  if (session_.num_acknowledged() != acknowledged_ || !session_.any_over_relays()) {
    acknowledged_ = session_.num_acknowledged();
    progress_at_ = now;
  } else if (now - progress_at_ > settings_.timing.resend_after) {
    session_.lost_over_relays();
    progress_at_ = now;
    pump();
    handlers_.queued();
  }
}

void Link::beat() {
  if (closing_) return;
  const env::TimePoint now = loop_.now();
  listen_to(control_, now);
  for (Held& held : merge_) listen_to(held, now);
  look_for_silence(now);
  look_for_progress(now);
  look_for_slow_streams(now);
  ease();
  send_heartbeats(now);
  acknowledge();
}

void Link::acknowledge() {
  auto acknowledgement = session_.acknowledgement();
  if (!acknowledgement) return;
  if (!route_.relay) return tell(*acknowledgement);
  acknowledgement->relays = {*route_.relay};
  handlers_.carry(*route_.relay, *acknowledgement);
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

Bytes Link::bytes_sent() const {
  Bytes total = dropped_sent_;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_sent(); });
  return total;
}

Bytes Link::bytes_received() const {
  Bytes total = dropped_received_;
  for_each_stream([&total](const Stream& stream) { total = total + stream.bytes_received(); });
  return total;
}

std::string Link::congestion_control() const {
  return control_.stream ? control_.stream->congestion_control() : std::string("none");
}

}  // namespace intertie::links
