#include "intertie/links/link.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::links {
namespace {

constexpr int kRoundTripsToSpeedUp = 8;                // of a stream that was silent
constexpr double kKept = 0.9;                          // of a pace
constexpr Bytes kJudgedOver{std::uint64_t{1} << 20U};  // at its pace: of a few packets, each that is late counts for much

Error silence(Duration time, const std::string& of) {
  return {.code = ErrorCode::retry,
          .where = {},
          .what = "nothing was heard for " + to_string(time) + of,
          .fix = "check the line and the other machine",
          .cause = {}};
}

}  // namespace

Link::Link(env::Loop& loop, const Settings& settings, Handlers handlers)
    : loop_(loop),
      settings_(settings),
      handlers_(std::move(handlers)),
      session_(settings.self, settings.incarnation, settings.peer) {
  for (std::uint16_t number = 0; number < settings.num_merge_streams.size(); ++number) {
    paths_.push_back(make_path(number, settings.num_merge_streams[number]));
  }
}

std::unique_ptr<Path> Link::make_path(std::uint16_t number, std::uint16_t num_merge_streams) {
  return std::make_unique<Path>(
      loop_, number, num_merge_streams,
      Path::Handlers{
          .message = [this, number](wire::Message message) { take(number, std::move(message)); },
          .drained = [this] { pump(); },
          .round_trip = handlers_.round_trip,
          .ended = [this, number](Error error) { end_path(number, std::move(error)); },
          .merge_ended = [this, number](std::uint16_t stream, Error error) { end_merge(number, stream, std::move(error)); }});
}

// ---- streams and sessions ----

void Link::begin_session(Incarnation theirs) {
  drop_paths();
  session_.begin(theirs);
  padding_left_ = {};
  for (const auto& path : paths_) path->forget_heartbeats();
}

void Link::end_session() {
  drop_paths();
  session_.end();
}

void Link::attach_control(std::uint16_t path, std::unique_ptr<Stream> stream) {
  drop_path(*paths_.at(path));
  paths_[path]->attach_control(std::move(stream));
}

void Link::attach_merge(std::uint16_t path, std::uint16_t number, std::unique_ptr<Stream> stream) {
  Path& of = *paths_.at(path);
  const bool again = of.has_merge(number);
  if (again) settle_transfer();
  of.attach_merge(number, std::move(stream));
  session_.lost(of.merge_way(number));
  if (again) handlers_.stream_ended();
  pace();
  pump();
}

bool Link::has_control() const {
  return std::any_of(paths_.begin(), paths_.end(), [](const auto& path) { return path->has_control(); });
}

// The first that is there.
Path* Link::control_path() const {
  const auto first = std::find_if(paths_.begin(), paths_.end(), [](const auto& path) { return path->is_open(); });
  return first == paths_.end() ? nullptr : first->get();
}

std::optional<env::TimePoint> Link::heard_at() const {
  std::optional<env::TimePoint> last;
  for (const auto& path : paths_) last = std::max(last, path->heard_at());
  return last;
}

// What it carried is to be sent again.
void Link::lost(const Path& path) {
  session_.lost(path.control_way());
  for (std::size_t i = 0; i < path.num_merge_streams(); ++i) session_.lost(path.merge_way(i));
}

void Link::drop_path(Path& path) {
  const bool any = path.has_control();
  settle_transfer();
  path.drop();
  lost(path);
  if (!any) return;
  if (!has_control()) return handlers_.streams_ended();
  session_.acknowledge_again();  // the last may have been on its way there
  handlers_.stream_ended();
}

void Link::drop_paths() {
  for (const auto& path : paths_) drop_path(*path);
}

void Link::end_path(std::uint16_t number, Error error) {
  if (closing_) {
    const auto closed = handlers_.closed;
    return closed();
  }
  drop_path(*paths_[number]);
  if (has_control()) pump();
  const auto ended = handlers_.ended;
  ended(number, std::move(error));
}

void Link::end_merge(std::uint16_t path, std::uint16_t number, Error error) {
  if (closing_) {
    const auto closed = handlers_.closed;
    return closed();
  }
  settle_transfer();
  paths_[path]->drop_merge(number);
  session_.lost(paths_[path]->merge_way(number));
  handlers_.stream_ended();
  pace();
  pump();
  const auto ended = handlers_.merge_ended;
  ended(path, number, std::move(error));
}

void Link::refuse(const wire::Refusal& why) {
  const auto with = std::find_if(paths_.begin(), paths_.end(), [](const auto& path) { return path->has_control(); });
  if (with == paths_.end()) return send(wire::StreamClass::control, why);  // over a relay, if there is one
  // It is kept until the words have left. It may be in the middle of delivering, so it is destroyed from the loop.
  const auto last = parting_.insert(parting_.end(), (*with)->take_control());
  (*last)->set_handlers({.message = {}, .drained = {}, .closed = [this, last](const Error&) {
                           loop_.post([stream = std::shared_ptr<Stream>(std::move(*last))] {});
                           parting_.erase(last);
                         }});
  (*last)->send(why);
  (*last)->close_after_sending();
  drop_paths();
}

// ---- receiving ----

void Link::take(std::uint16_t path, wire::Message message) {
  if (std::holds_alternative<wire::Padding>(message)) return;
  if (auto* hearing = std::get_if<wire::Hearing>(&message)) return handlers_.hearing(std::move(*hearing));
  if (const auto* refusal = std::get_if<wire::Refusal>(&message)) return handlers_.refused(*refusal);
  if (auto* envelope = std::get_if<wire::Envelope>(&message)) return handlers_.envelope(std::move(*envelope));
  // Anything else has no business outside an envelope.
  end_path(path, {.code = ErrorCode::give_up,
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

// ---- the beat ----

// A path that is silent is compared with the others, not with the clock: a machine that stood still heard none of them. There
// is always something to hear of a path that works, since every stream of it beats.
void Link::look_for_silence(env::TimePoint now) {
  const std::optional<env::TimePoint> last = heard_at();
  for (std::uint16_t number = 0; number < paths_.size(); ++number) {
    const Path& path = *paths_[number];
    const std::optional<env::TimePoint> heard = path.heard_at();
    if (!heard) continue;
    const Duration at_most = std::max(settings_.timing.path_silence, 3 * path.round_trip());
    if (now - *heard > settings_.timing.drop_after) {
      end_path(number, silence(now - *heard, ""));
    } else if (*last - *heard >= at_most) {
      end_path(number, silence(now - *heard, " over it, while another path lives"));
    } else {
      look_for_silent_streams(number, now);
    }
  }
}

void Link::look_for_silent_streams(std::uint16_t path, env::TimePoint now) {
  for (std::uint16_t i = 0; i < paths_[path]->num_merge_streams(); ++i) {
    const std::optional<env::TimePoint> heard = paths_[path]->heard_at(i);
    if (!heard || now - *heard <= settings_.timing.stream_silence) continue;
    end_merge(path, i, silence(now - *heard, fmt::format(" over merge stream {}, while others live", i)));
  }
}

// What keeps a stream below its part of the pace - losses by chance, a buffer shorter than the line - keeps two of them below
// it at twice the rate.
void Link::look_for_slow_streams(env::TimePoint now) {
  const Delivered before = std::exchange(last_beat_, Delivered{now, delivered()});
  const Duration speeding_up = kRoundTripsToSpeedUp * round_trip();
  const bool full = pacing_ && !filling_ && waiting_since_ && before.at >= *waiting_since_ + speeding_up;
  const std::size_t all = paths_[0]->num_merge_streams();
  if (!full || before.at < more_streams_at_ + speeding_up || num_used_ >= all) return;
  if (last_beat_.bytes < before.bytes) return;  // a stream is gone
  while_full_.bytes = while_full_.bytes + Bytes{last_beat_.bytes.value - before.bytes.value};
  while_full_.time += last_beat_.at - before.at;
  if (while_full_.time < transfer_time(kJudgedOver, pace_kept())) return;
  const Transfer judged = std::exchange(while_full_, {});
  if (seconds_of(transfer_time(judged.bytes, pace_kept())) >= kKept * seconds_of(judged.time)) return;
  num_used_ = std::min(2 * num_used_, all);
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
  for (const auto& path : paths_) path->listen(now);
  look_for_silence(now);
  look_for_progress(now);
  look_for_slow_streams(now);
  ease();
  for (const auto& path : paths_) path->send_heartbeats(now);
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
  for (const auto& path : paths_) {
    path->for_each_stream([](Stream& stream) { stream.close_after_sending(); });
  }
}

bool Link::closed() const {
  bool all = true;
  for (const auto& path : paths_) {
    path->for_each_stream([&all](const Stream& stream) { all = all && stream.closed(); });
  }
  return all;
}

Bytes Link::bytes_sent() const {
  Bytes total;
  for (const auto& path : paths_) total = total + path->bytes_sent();
  return total;
}

Bytes Link::bytes_received() const {
  Bytes total;
  for (const auto& path : paths_) total = total + path->bytes_received();
  return total;
}

Duration Link::round_trip() const {
  Duration least{0};
  for (const auto& path : paths_) {
    const Duration time = path->round_trip();
    if (time.count() > 0 && (least.count() == 0 || time < least)) least = time;
  }
  return least;
}

std::string Link::congestion_control() const {
  const Path* path = control_path();
  return path ? path->congestion_control() : std::string("none");
}

}  // namespace intertie::links
