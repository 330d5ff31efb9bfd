// What a link's streams carry, and how fast.
#include <algorithm>
#include <limits>

#include "intertie/links/link.h"

namespace intertie::links {
namespace {

constexpr std::size_t kPaddingFrame = 32 * 1024;

// Of a paced link. A rate that was taken for one in a hundred more than it is fills the queues on the way, and those who share
// them, control messages among them, wait.
constexpr Duration kMostQueued = std::chrono::milliseconds(5);
constexpr Bytes kOwnBursts{3 * 1538};  // that the streams of two links send at once, if they are slow
constexpr double kMostEased = 0.95, kEase = 0.01, kTighten = 0.0025;  // of the pace, with every beat

}  // namespace

void Link::set_route(const Route& route) {
  if (route == route_) return;
  if (route_.relay && route_.relay != route.relay) session_.lost(Session::way_over({*route_.relay}));
  if (route_.direct && !route.direct) {
    for (const auto& path : paths_) lost(*path);
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
  if (num_paths() == 1) paths_[0]->begin_probe(paths_[0]->padded_streams(turn_));
  pace();
  pump();
}

void Link::stop_filling() {
  if (!filling_) return;
  if (num_paths() == 1) paths_[0]->end_probe(paths_[0]->padded_streams(turn_));
  padding_left_ = Bytes{};
  filling_.reset();
  pace();
}

void Link::set_pacing(BitRate rate, std::size_t num_streams) {
  if (num_paths() > 1) return;
  pacing_ = rate;
  num_used_ = std::min(num_streams, paths_[0]->num_merge_streams());
  eased_ = 1;
  while_full_ = {};
  pace();
}

void Link::pace() {
  if (num_paths() > 1) return;
  Path& path = *paths_[0];
  path.pace(filling_ ? path.padded_streams(turn_) : path.used_streams(num_used_), filling_.value_or(pace_kept()),
            filling_.has_value());
}

BitRate Link::pace_kept() const { return {eased_ * pacing_.value_or(BitRate{}).bits_per_second}; }

void Link::ease() {
  if (!pacing_ || filling_ || !waiting_since_) return;
  Duration queued{0};
  for (const std::size_t number : paths_[0]->used_streams(num_used_)) {
    const env::Sending sending = paths_[0]->merge(number).sending();
    queued = std::max(queued, sending.round_trip - sending.least_round_trip);
  }
  const bool too_much = queued > kMostQueued + transfer_time(kOwnBursts, *pacing_);
  const double eased = too_much ? std::max(kMostEased, eased_ - kEase) : std::min(1.0, eased_ + kTighten);
  if (std::exchange(eased_, eased) != eased) pace();
}

std::size_t Link::num_used_streams() const {
  std::size_t count = 0;
  for (const auto& path : paths_) count += path->used_streams(num_used_).size();
  return count;
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is the stream
void Link::tell(const wire::Message& message) {
  const Path* path = control_path();
  if (path && !closing_) path->control().send(message);
}

void Link::pump() {
  if (closing_) return;
  while (route_.relay && session_.has_next(wire::StreamClass::control)) {
    wire::Envelope next = session_.take_next(wire::StreamClass::control, Session::way_over({*route_.relay}));
    next.relays = {*route_.relay};
    handlers_.carry(*route_.relay, next);
  }
  const Path* path = control_path();
  if (!path) return;
  while (route_.direct && session_.has_next(wire::StreamClass::control)) {
    path->control().send(session_.take_next(wire::StreamClass::control, path->control_way()));
  }
  pump_streams();
}

// Beginning with another stream each time, so that small merges use all of them too.
void Link::pump_streams() {
  struct Used {
    const Path* path;
    std::size_t number;
  };
  std::vector<Used> used;
  for (const auto& path : paths_) {
    for (const std::size_t number : path->used_streams(num_used_)) used.push_back({path.get(), number});
  }
  // In turns of the paths, so that what is little is not all on one of them.
  std::stable_sort(used.begin(), used.end(), [](const Used& a, const Used& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < used.size() && handlers_.waits(); ++i) {
    const auto [path, number] = used[(next_merge_ + i) % used.size()];
    pump_stream(path->merge(number), path->merge_way(number));
  }
  if (!used.empty()) next_merge_ = (next_merge_ + 1) % used.size();
  pad();
  count_transfer();
}

// NOLINTNEXTLINE(readability-make-member-function-const): what it changes is the stream
void Link::pump_stream(Stream& stream, Session::Way way) {
  while (!stream.closed() && stream.unsent().value <= Path::kAhead) {
    const auto next = handlers_.next(way);
    if (!next) return;
    stream.send(*next);
  }
}

// What comes next waits for what is queued of it, so that is no more than keeps a stream busy.
void Link::pad() {
  static const SharedBytes kNothing{std::vector<std::byte>(kPaddingFrame)};
  if (!route_.direct || handlers_.waits()) return;
  for (const auto& path : paths_) {
    for (const std::size_t number : path->padded_streams(filling_ ? std::optional(turn_) : std::nullopt)) {
      Stream& stream = path->merge(number);
      while (padding_left_.value > 0 && !stream.closed() && stream.unsent().value <= Path::kAhead) {
        const std::uint64_t size = std::min<std::uint64_t>(padding_left_.value, kPaddingFrame);
        stream.send(wire::Padding{kNothing.slice(0, size)});
        padding_left_.value -= size;
      }
    }
  }
}

// A stream says when it has drained to kAhead, so the end of this is noticed at once.
bool Link::busy() const {
  return handlers_.waits() ||
         (padding_left_.value == 0 && std::any_of(paths_.begin(), paths_.end(), [](const auto& path) { return path->full(); }));
}

void Link::count_transfer() {
  if (busy() == waiting_since_.has_value()) return;
  if (waiting_since_) return settle_transfer();
  waiting_since_ = loop_.now();
  handed_on_before_ = handed_on();
}

// What a stream has handed on is counted before it goes.
void Link::settle_transfer() {
  if (!waiting_since_) return;
  transferred_ = transfer();
  waiting_since_.reset();
}

Bytes Link::handed_on() const {
  Bytes total;
  for (const auto& path : paths_) total = total + path->handed_on();
  return total;
}

Link::Transfer Link::transfer() const {
  if (!waiting_since_) return transferred_;
  return {Bytes{transferred_.bytes.value + handed_on().value - handed_on_before_.value},
          transferred_.time + (loop_.now() - *waiting_since_)};
}

Bytes Link::delivered() const {
  Bytes total;
  for (const auto& path : paths_) total = total + path->delivered();
  return total;
}

}  // namespace intertie::links
