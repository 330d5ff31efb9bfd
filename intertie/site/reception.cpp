#include "intertie/site/reception.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "intertie/status/event_words.h"
#include "intertie/status/json_log.h"

namespace intertie::site {
namespace {

constexpr int kMostWords = 16;  // of a visitor from one beat to the next
constexpr std::size_t kMostTurnedAway = 4;
constexpr std::size_t kMostLines = 60 * 1024;  // bytes in one message
static_assert(kMostLines <= wire::kMaxText);

Error no_visit(std::string what, std::string fix, ErrorCode code = ErrorCode::reconfigure) {
  return {.code = code, .where = {}, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

const char* deed_in(wire::Errand errand) {
  switch (errand) {
    case wire::Errand::status: return "look at the run";
    case wire::Errand::stop: return "stop the run";
    case wire::Errand::leave: return "take a site out of the run";
  }
  return "";
}

std::string who_is(const env::Peer& peer) {
  const std::string name = peer.name == peer.role ? "" : " " + peer.name;
  return fmt::format("{}{} ({})", peer.role, name, peer.address);
}

}  // namespace

Result<void> check_visit(const ReceptionSettings& settings, const std::string& role, const wire::Visit& visit) {
  if (visit.protocol != wire::kProtocolVersion) {
    return no_visit(fmt::format("the visitor speaks protocol version {}, site {} version {}", visit.protocol, settings.site,
                                wire::kProtocolVersion),
                    "use the version of intertie that the sites have");
  }
  if (visit.run != settings.run) {
    return no_visit(fmt::format("the visitor asks for run \"{:.64}\", and site {} belongs to run \"{}\"", visit.run,
                                settings.site, settings.run),
                    "check the run file and the address");
  }
  if (visit.errand != wire::Errand::status && role != env::kOperatorRole) {
    return no_visit(fmt::format("a {} may look at the run, and not {}", role, deed_in(visit.errand)),
                    "use the operator's certificate (operator.pem and operator.key, which 'intertie ca' makes)");
  }
  if (visit.errand == wire::Errand::leave && !settings.may_leave) {
    return no_visit(fmt::format("site {} holds the record of who is a member and cannot leave", settings.site),
                    "'intertie stop' stops the whole run");
  }
  return {};
}

wire::Tidings tidings_of(const Result<sync::Outcome>& outcome, wire::Errand errand, const std::string& site) {
  const bool stop = errand == wire::Errand::stop;
  if (!outcome && stop) {
    return {
        true, false,
        fmt::format("the run is not stopped, as far as site {} knows, which has ended: {}", site, outcome.error().message())};
  }
  if (!outcome && outcome.error().code == ErrorCode::cancelled) {
    return {true, true, fmt::format("site {} is out of the run; it has written no checkpoint", site)};
  }
  if (!outcome) return {true, false, fmt::format("site {} has failed: {}", site, outcome.error().message())};
  const std::uint64_t version = outcome->version.value;
  if (outcome->left && stop) {
    return {true, false,
            fmt::format("the run is not stopped, as far as site {} knows, which has left at version {}", site, version)};
  }
  if (outcome->left) {
    return {true, true, fmt::format("site {} has left at version {}, with a checkpoint; the others go on", site, version)};
  }
  if (outcome->stopped) return {true, true, fmt::format("the run has stopped at version {}, with a checkpoint", version)};
  return {true, true, fmt::format("the run came to its end, at version {}, before that", version)};
}

Reception::Reception(env::Loop& loop, ReceptionSettings settings, EventSink& events, Handlers handlers)
    : loop_(loop),
      settings_(std::move(settings)),
      events_(events),
      handlers_(std::move(handlers)),
      start_(static_cast<std::uint64_t>(loop.wall().time_since_epoch().count())) {}

Reception::~Reception() {
  loop_.cancel(beat_timer_);
  for (const Guest& guest : guests_) loop_.cancel(guest.deadline);
}

std::size_t Reception::count(const std::string& role) const {
  return static_cast<std::size_t>(
      std::count_if(guests_.begin(), guests_.end(), [&](const Guest& guest) { return guest.role == role; }));
}

void Reception::accept(std::unique_ptr<env::Connection> connection) {
  const std::string role = connection->peer().role;
  // A few who are too many are told so; of those beyond nothing is kept.
  const std::size_t most = role == env::kOperatorRole ? settings_.most_operators : settings_.most_viewers;
  const std::size_t present = count(role);
  if (ended_ || !env::is_visitor(role) || present >= most + kMostTurnedAway) return;
  if (guests_.empty()) beat_timer_ = loop_.call_after(settings_.beat_every, [this] { beat(); });
  const GuestRef guest = guests_.emplace(guests_.end());
  guest->role = role;
  guest->heard_at = loop_.now();
  guest->deadline = loop_.call_after(settings_.first_word, [this, guest] { forget(guest); });
  guest->stream = std::make_unique<links::Stream>(
      std::move(connection),
      links::Stream::Handlers{.message = [this, guest](const wire::Message& message) { heard(guest, message); },
                              .drained = {},
                              .closed = [this, guest](const Error&) { forget(guest); }},
      wire::kMaxVisitFrame);
  if (present < most) return;
  dismiss(guest, no_visit(fmt::format("{} visitors with the role of {} are here already", most, role),
                          "come again when one of them has gone", ErrorCode::retry));
}

void Reception::heard(GuestRef guest, const wire::Message& message) {
  if (guest->dismissed) return;
  guest->heard_at = loop_.now();
  if (const auto* visit = std::get_if<wire::Visit>(&message); visit && !guest->errand) return admit(guest, *visit);
  const bool answers = guest->errand && std::holds_alternative<wire::Heartbeat>(message);
  if (answers && ++guest->words_since_beat <= kMostWords) return;
  dismiss(guest, no_visit("a visitor says once what it wants, and then answers heartbeats", "use the program intertie"));
}

void Reception::admit(GuestRef guest, const wire::Visit& visit) {
  if (const Result<void> checked = check_visit(settings_, guest->role, visit); !checked) return dismiss(guest, checked.error());
  loop_.cancel(guest->deadline);
  guest->errand = visit.errand;
  const Duration age = std::max(Duration(0), loop_.now() - settings_.began);
  guest->stream->send(wire::Admission{settings_.site, settings_.run, start_, static_cast<std::uint64_t>(age.count())});
  visit.errand == wire::Errand::status ? tell_history(*guest) : ask(*guest, visit);
}

void Reception::tell_history(Guest& guest) const {
  std::string batch;
  for (const std::string& line : history_.lines()) {
    if (batch.size() + line.size() > kMostLines) guest.stream->send(wire::EventLines{std::exchange(batch, {}), false});
    batch += line;
  }
  guest.stream->send(wire::EventLines{std::move(batch), true});
}

// What was asked for may destroy much; so it is done when nothing of this is under way.
void Reception::ask(const Guest& guest, const wire::Visit& visit) {
  const bool stop = visit.errand == wire::Errand::stop;
  guest.stream->send(wire::Tidings{
      false, false, stop ? "the site passes it on once it is a member" : "the site asks the others to go on without it"});
  const std::string given = visit.reason.text().empty() ? "" : ": " + visit.reason.text();
  loop_.post([this, alive = std::weak_ptr(alive_), stop, reason = who_is(guest.stream->peer()) + given] {
    if (!alive.expired()) (stop ? handlers_.stop : handlers_.leave)(reason);
  });
}

void Reception::consume(const status::Record& record) {
  std::string line = status::json_line(record);
  if (line.size() > kMostLines) return;
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const GuestRef one = guest++;
    if (one->dismissed || !one->errand) continue;
    if (*one->errand != wire::Errand::status) {
      if (record.event.name == "run.stopping") one->stream->send(wire::Tidings{false, false, status::words_of(record.event)});
    } else if (one->stream->unsent() > settings_.most_unsent) {
      dismiss(one, no_visit("the visitor reads too slowly", "come again over a faster link", ErrorCode::retry));
    } else {
      one->stream->send(wire::EventLines{line, true});
    }
  }
  history_.add(record, std::move(line));
}

void Reception::dismiss(GuestRef guest, const Error& reason) {
  guest->stream->send(wire::Refusal{reason.code, ViewNumber{}, reason.message()});
  record_refusal(*guest, reason);
  close(guest);
}

// What was sent arrives, if the visitor takes it in time.
void Reception::close(GuestRef guest) {
  guest->dismissed = true;
  loop_.cancel(guest->deadline);
  guest->deadline = loop_.call_after(settings_.last_words, [this, guest] { forget(guest); });
  guest->stream->close_after_sending();
}

// Its stream may be in the middle of delivering, so that is destroyed from the loop.
void Reception::forget(GuestRef guest) {
  loop_.cancel(guest->deadline);
  guest->stream->set_handlers({});
  loop_.post([stream = std::shared_ptr<links::Stream>(std::move(guest->stream))] {});
  guests_.erase(guest);
  if (!guests_.empty()) return;
  loop_.cancel(beat_timer_);
  if (closed_) loop_.post(std::exchange(closed_, nullptr));
}

void Reception::beat() {
  beat_timer_ = loop_.call_after(settings_.beat_every, [this] { beat(); });
  const env::TimePoint now = loop_.now();
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const GuestRef one = guest++;
    if (one->dismissed || !one->errand) continue;
    one->words_since_beat = 0;
    if (now - one->heard_at > settings_.silence) {
      forget(one);
    } else {
      one->stream->send(wire::Heartbeat{static_cast<std::uint64_t>(now.time_since_epoch().count()), 0});
    }
  }
}

void Reception::record_refusal(const Guest& guest, const Error& reason) {
  const env::TimePoint now = loop_.now();
  if (refusal_told_at_ && now - *refusal_told_at_ < std::chrono::seconds(1)) {
    ++refusals_untold_;
    return;
  }
  refusal_told_at_ = now;
  const std::uint64_t untold = std::exchange(refusals_untold_, 0);
  const std::string more = untold == 0 ? "" : fmt::format(" (and {} more)", untold);
  events_.record({"connection.refused",
                  {{"message", who_is(guest.stream->peer()) + ", phase visit: refused: " + reason.message() + more}}});
}

void Reception::end(const Result<sync::Outcome>& outcome, std::function<void()> closed) {
  ended_ = true;
  if (guests_.empty()) return loop_.post(std::move(closed));
  closed_ = std::move(closed);
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const GuestRef one = guest++;
    if (one->dismissed) continue;
    if (one->errand && *one->errand != wire::Errand::status) {
      one->stream->send(tidings_of(outcome, *one->errand, settings_.site));
    }
    close(one);
  }
}

}  // namespace intertie::site
