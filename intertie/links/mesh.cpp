#include "intertie/links/mesh.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/base/planted.h"

namespace intertie::links {

using wire::StreamClass;

namespace {

std::uint16_t num_sites(const Identity& identity) { return static_cast<std::uint16_t>(identity.site_names.size()); }

}  // namespace

Mesh::Mesh(env::Loop& loop, env::Network& network, Settings settings, Handlers handlers)
    : loop_(loop),
      network_(network),
      settings_(std::move(settings)),
      handlers_(std::move(handlers)),
      peers_(settings_.identity.site_names.size()),
      // What a third site tells comes with its next beat and ours.
      hearing_(settings_.identity.self, settings_.identity.incarnation, num_sites(settings_.identity),
               settings_.timing.silence + 2 * settings_.timing.beat_every, loop.now()),
      dispatch_(settings_.identity.self, num_sites(settings_.identity),
                [this](SiteId site) -> Session& { return peers_[site.value].link->session(); }) {
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    if (SiteId{i} != settings_.identity.self) peers_[i].link = make_link(SiteId{i}, settings_.num_merge_streams[i]);
  }
}

std::unique_ptr<Link> Mesh::make_link(SiteId site, std::uint16_t num_merge_streams) {
  return std::make_unique<Link>(
      loop_,
      Link::Settings{.self = settings_.identity.self,
                     .incarnation = settings_.identity.incarnation,
                     .peer = site,
                     .num_merge_streams = num_merge_streams,
                     .timing = settings_.timing},
      Link::Handlers{
          .message =
              [this, site](wire::Message message) {
                if (const auto* refusal = std::get_if<wire::Refusal>(&message)) return refused_by(site, *refusal);
                handlers_.message(site, std::move(message));
              },
          .envelope = [this, site](wire::Envelope envelope) { take_envelope(site, std::move(envelope)); },
          .carry = [this](SiteId relay, const wire::Envelope& envelope) { peers_[relay.value].link->tell(envelope); },
          .next = [this, site](Session::Way stream) { return dispatch_.next(site, stream, loop_.now()); },
          .waits = [this, site] { return dispatch_.waits(site); },
          .queued = [this, site] { pump(site); },
          .stream_ended =
              [this, site] {
                hearing_.stream_ended();
                dispatch_.stream_ended(site);
              },
          .streams_ended =
              [this, site] {
                hearing_.stream_ended();
                dispatch_.link_ended(site);
              },
          .hearing = [this, site](wire::Hearing told) { take_hearing(site, std::move(told)); },
          .refused = [this, site](const wire::Refusal& refusal) { refused_by(site, refusal); },
          .ended = [this, site](Error error) { direct_ended(site, std::move(error)); },
          .merge_ended = [this, site](std::uint16_t number, const Error& error) { merge_ended(site, number, error); },
          .broken = [this, site](Error error) { handlers_.broken(site, std::move(error)); },
          .closed = [this] { handlers_.closed(); },
          .round_trip = handlers_.round_trip});
}

Mesh::~Mesh() {
  loop_.cancel(beat_timer_);
  for (const Pending& pending : pending_) loop_.cancel(pending.deadline);
}

Result<void> Mesh::start() {
  auto listener = network_.listen(
      settings_.listen, [this](std::unique_ptr<env::Connection> connection) { accepted(std::move(connection)); },
      [this](Error error) { handlers_.refused(std::move(error)); });
  INTERTIE_ASSIGN(listener_, std::move(listener));
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    if (dials(SiteId{i})) dial({SiteId{i}, StreamClass::control, 0});
  }
  beat_due_ = loop_.now();
  beat();
  return {};
}

bool Mesh::all_connected() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return !peer.link || peer.link->has_control(); });
}

std::string Mesh::missing() const {
  std::string text;
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    const Peer& peer = peers_[i];
    if (!peer.link || peer.link->has_control()) continue;
    text += (text.empty() ? "" : "; ") + describe(SiteId{i}) + ": " +
            (peer.last_attempt.empty() ? "it has not connected" : peer.last_attempt);
  }
  return text;
}

Incarnation Mesh::incarnation(SiteId site) const {
  return site == settings_.identity.self ? settings_.identity.incarnation : peers_[site.value].incarnation;
}

bool Mesh::reaches(SiteId site) const {
  if (site == settings_.identity.self) return true;
  const Link& link = *peers_[site.value].link;
  return link.session().is_open() && (link.route().direct || link.route().relay);
}

std::string Mesh::describe(SiteId site) const {
  return fmt::format("site {} ({})", settings_.identity.site_names[site.value],
                     env::to_string(settings_.addresses[site.value]));
}

void Mesh::send(SiteId to, const wire::Message& message) { send_data(to, StreamClass::control, message); }

void Mesh::send(const std::vector<SiteId>& to, const wire::Message& message) {
  for (const SiteId site : to) {
    if (site != settings_.identity.self) send(site, message);
  }
}

void Mesh::send_data(SiteId to, StreamClass stream_class, const wire::Message& message) {
  peers_[to.value].link->send(stream_class, message);
}

void Mesh::close_after_sending() {
  closing_ = true;
  listener_.reset();
  for (const Peer& peer : peers_) {
    if (peer.link) peer.link->close_after_sending();
  }
}

bool Mesh::closed() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return !peer.link || peer.link->closed(); });
}

bool Mesh::all_acknowledged() const {
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    const Peer& peer = peers_[i];
    if (peer.link && reaches(SiteId{i}) && !peer.link->session().all_acknowledged()) return false;
  }
  return true;
}

std::uint64_t Mesh::num_acknowledged() const {
  std::uint64_t total = 0;
  for (const Peer& peer : peers_) total += peer.link ? peer.link->session().num_acknowledged() : 0;
  return total;
}

wire::Hello Mesh::hello_of(StreamClass stream_class, std::uint16_t number) const {
  const Identity& identity = settings_.identity;
  const bool comparable = stream_class == StreamClass::control && identity.agreement_text.size() <= wire::kMaxText;
  return {.run = identity.run,
          .site = identity.self,
          .incarnation = identity.incarnation,
          .view = view_,
          .agreement = identity.agreement,
          .data = identity.data,
          .stream_class = stream_class,
          .lane = {},
          .stream = number,
          .agreement_text = comparable ? identity.agreement_text : std::string()};
}

// ---- the side that connects ----

void Mesh::dial(const Dialled& stream, Duration after) {
  if (!dialling_.insert(stream).second) return;
  if (after == Duration{0}) return connect(stream);
  loop_.call_after(after, [this, stream, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) connect(stream);
  });
}

// A merge stream belongs to a control stream, and comes again with it.
bool Mesh::is_wanted(const Dialled& stream) const {
  const auto& [site, stream_class, number] = stream;
  const Link& link = *peers_[site.value].link;
  if (closing_) return false;
  return stream_class == StreamClass::control ? !link.has_control() : link.has_control() && !link.has_merge(number);
}

void Mesh::connect(const Dialled& stream) {
  if (!is_wanted(stream)) {
    dialling_.erase(stream);
    return;
  }
  const SiteId site = std::get<SiteId>(stream);
  const wire::Hello hello = hello_of(std::get<StreamClass>(stream), std::get<std::uint16_t>(stream));
  network_.connect({settings_.addresses[site.value], settings_.identity.site_names[site.value], settings_.attempt_deadline},
                   [this, site, hello, alive = std::weak_ptr(alive_)](Result<std::unique_ptr<env::Connection>> connection) {
                     if (!alive.expired()) connected(site, hello, std::move(connection));
                   });
}

void Mesh::connected(SiteId site, const wire::Hello& hello, Result<std::unique_ptr<env::Connection>> connection) {
  if (closing_) return;
  if (!connection) return retry(site, hello, connection.error());
  say_hello(site, hello, std::move(*connection));
}

void Mesh::say_hello(SiteId site, const wire::Hello& hello, std::unique_ptr<env::Connection> connection) {
  const PendingRef pending = pending_.emplace(pending_.end());
  const auto give_up = [this, pending, site, hello](Error error) {
    drop(pending);
    retry(site, hello, std::move(error));
  };
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [give_up] {
    give_up({.code = ErrorCode::retry, .where = "phase hello", .what = "no answer", .fix = {}, .cause = {}});
  });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{
          .message = [this, pending, site, hello](const wire::Message& answer) { answered(pending, site, hello, answer); },
          .drained = {},
          .closed = give_up});
  wire::Hello said = hello;
  said.view = view_;  // as it is now
  pending->stream->send(said);
}

void Mesh::answered(PendingRef pending, SiteId site, const wire::Hello& hello, const wire::Message& answer) {
  const auto again = [&](ErrorCode code, std::string what) {
    drop(pending);
    retry(site, hello, {.code = code, .where = "phase hello", .what = std::move(what), .fix = {}, .cause = {}});
  };
  if (const auto* refusal = std::get_if<wire::Refusal>(&answer)) {
    peers_[site.value].view = refusal->view;
    return again(refusal->code, "refused this site: " + refusal->reason.text());
  }
  const auto* welcome = std::get_if<wire::Welcome>(&answer);
  if (!welcome || welcome->site != site || welcome->incarnation < peers_[site.value].incarnation) {
    return again(ErrorCode::retry, "unexpected answer");
  }
  if (is_fenced(site, welcome->incarnation)) {
    pending->stream->send(wire::Refusal{ErrorCode::rejoin, view_, peers_[site.value].fenced_because});
    pending->stream->close_after_sending();
    pending->stream->set_handlers({.message = {}, .drained = {}, .closed = [this, pending](const Error&) { drop(pending); }});
    dialling_.erase({site, hello.stream_class, hello.stream});
    return dial({site, hello.stream_class, hello.stream}, settings_.retry_every);
  }
  note_incarnation(site, welcome->incarnation);
  peers_[site.value].view = std::max(peers_[site.value].view, welcome->view);
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  drop(pending);
  attach(site, hello, std::move(stream));
}

// Anything that a later attempt may mend is tried again; of the rest the owner decides.
void Mesh::retry(SiteId site, const wire::Hello& hello, Error error) {
  peers_[site.value].last_attempt = error.message();
  dialling_.erase({site, hello.stream_class, hello.stream});
  dial({site, hello.stream_class, hello.stream}, settings_.retry_every);
  if (error.code == ErrorCode::retry) return;
  const std::string who = describe(site);
  if (!error.where.starts_with(who)) error.where = who + (error.where.empty() ? "" : ", " + error.where);
  handlers_.failed(site, std::move(error));
}

// ---- the side that accepts ----

void Mesh::accepted(std::unique_ptr<env::Connection> connection) {
  const std::string& role = connection->peer().role;
  if (!role.empty() && role != env::kSiteRole) {  // a plain connection has none
    if (handlers_.visitor) handlers_.visitor(std::move(connection));
    return;
  }
  const PendingRef pending = pending_.emplace(pending_.end());
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [this, pending] {
    refuse(pending,
           {.code = ErrorCode::retry, .where = {}, .what = "it has connected and says no hello", .fix = {}, .cause = {}});
  });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{.message = [this, pending](const wire::Message& first) { greeted(pending, first); },
                       .drained = {},
                       .closed = [this, pending](const Error& why) { ended_before_hello(pending, why); }});
}

// One that only goes away again is no news.
void Mesh::ended_before_hello(PendingRef pending, Error why) {
  if (why.code != ErrorCode::give_up) return drop(pending);
  why.code = ErrorCode::reconfigure;
  refuse(pending, why);
}

void Mesh::greeted(PendingRef pending, const wire::Message& first) {
  const auto* said = std::get_if<wire::Hello>(&first);
  if (!said) {
    return refuse(pending, {.code = ErrorCode::reconfigure,
                            .where = {},
                            .what = "a stream begins with one hello and waits for the answer",
                            .fix = {},
                            .cause = {}});
  }
  if (const Result<void> checked = check(*said, *pending->stream); !checked) return refuse(pending, checked.error());
  const wire::Hello hello = *said;
  note_incarnation(hello.site, hello.incarnation);
  peers_[hello.site.value].view = std::max(peers_[hello.site.value].view, hello.view);
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  drop(pending);
  stream->send(wire::Welcome{settings_.identity.self, settings_.identity.incarnation, view_});
  attach(hello.site, hello, std::move(stream));
}

Result<void> Mesh::check(const wire::Hello& hello, const Stream& stream) const {
  INTERTIE_RETURN_IF_ERROR(check_hello(settings_.identity, hello, stream.peer().name));
  const auto refusal = [](ErrorCode code, std::string what) {
    return Error{.code = code, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
  };
  const Peer& peer = peers_[hello.site.value];
  if (is_fenced(hello.site, hello.incarnation)) return refusal(ErrorCode::rejoin, peer.fenced_because);
  if (hello.incarnation < peer.incarnation) {
    return refusal(
        ErrorCode::reconfigure,
        fmt::format("a newer start of this site was seen already (number {}, this is {}); is it running twice, or is "
                    "its folder an old copy?",
                    peer.incarnation.value, hello.incarnation.value));
  }
  const Link& link = *peer.link;
  const auto heard = link.heard_at();
  if (hello.stream_class == StreamClass::control) {
    // One that broke unnoticed here is replaced; two processes of one start are not to take turns.
    const bool alive = heard && hello.incarnation == peer.incarnation && loop_.now() - *heard < settings_.timing.silence;
    if (alive) return refusal(ErrorCode::retry, "this site is connected already; is it running twice?");
    return {};
  }
  if (!link.has_control() || hello.incarnation != peer.incarnation) {
    return refusal(ErrorCode::retry, "a merge stream came before the control stream");
  }
  if (hello.stream_class != StreamClass::merge || hello.stream >= settings_.num_merge_streams[hello.site.value]) {
    return refusal(ErrorCode::reconfigure, "a merge stream with a number that is too high");
  }
  return {};
}

void Mesh::refuse(PendingRef pending, const Error& reason) {
  const env::Peer& peer = pending->stream->peer();
  const std::string who = peer.name.empty() ? peer.address : fmt::format("site {} ({})", peer.name, peer.address);
  const std::string words = reason.message();
  const auto& names = settings_.identity.site_names;
  const auto site = std::find(names.begin(), names.end(), peer.name);
  if (site != names.end()) {
    peers_[static_cast<std::size_t>(site - names.begin())].last_attempt = "refused here: " + words;
  }
  pending->stream->set_handlers({.message = {}, .drained = {}, .closed = [this, pending](const Error&) { drop(pending); }});
  loop_.cancel(pending->deadline);
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [this, pending] { drop(pending); });  // to hear it
  pending->stream->send(wire::Refusal{reason.code, view_, words});
  pending->stream->close_after_sending();
  handlers_.refused({.code = reason.code, .where = who + ", phase hello", .what = "refused: " + words, .fix = {}, .cause = {}});
}

// ---- both ----

void Mesh::attach(SiteId site, const wire::Hello& hello, std::unique_ptr<Stream> stream) {
  Peer& peer = peers_[site.value];
  if (dials(site)) dialling_.erase({site, hello.stream_class, hello.stream});
  peer.last_attempt.clear();  // what failed before is over
  if (hello.stream_class == StreamClass::merge) return peer.link->attach_merge(hello.stream, std::move(stream));
  peer.link->attach_control(std::move(stream));
  peer.link->tell(hearing_.tell());
  use_route(site);
  if (dials(site)) {
    for (std::uint16_t number = 0; number < settings_.num_merge_streams[site.value]; ++number) {
      dial({site, StreamClass::merge, number});
    }
  }
  handlers_.connected(site);
}

// A new start of a site begins anew; what the one before it sent has no say any more.
void Mesh::note_incarnation(SiteId site, Incarnation incarnation) {
  Peer& peer = peers_[site.value];
  if (incarnation <= peer.incarnation || is_fenced(site, incarnation)) return;
  peer.incarnation = incarnation;
  peer.view = {};
  peer.ended_streams = 0;
  peer.link->begin_session(incarnation);
  handlers_.appeared(site);
}

void Mesh::expect(SiteId site, Incarnation incarnation) {
  if (site != settings_.identity.self) note_incarnation(site, incarnation);
}

void Mesh::fence(SiteId site, Incarnation incarnation, ViewNumber view, const std::string& reason) {
  Peer& peer = peers_[site.value];
  if (incarnation <= peer.fenced || planted(Bug::stale_start)) return;
  peer.fenced = incarnation;
  peer.fenced_because = reason;
  if (peer.incarnation > incarnation) return;
  peer.link->refuse(wire::Refusal{ErrorCode::rejoin, std::max(view_, view), reason});
  peer.link->end_session();
  if (dials(site)) dial({site, StreamClass::control, 0}, settings_.retry_every);
}

void Mesh::refused_by(SiteId site, const wire::Refusal& refusal) {
  peers_[site.value].view = refusal.view;
  handlers_.failed(site, {.code = refusal.code,
                          .where = describe(site),
                          .what = "refused this site: " + refusal.reason.text(),
                          .fix = {},
                          .cause = {}});
}

// A relay hands on what came along the way that its author names, and only further along it.
void Mesh::take_envelope(SiteId via, wire::Envelope envelope) {
  const SiteId self = settings_.identity.self;
  const auto next = next_on_way(envelope, via, self);
  const auto known = [this](SiteId site) { return site.value < peers_.size(); };
  if (!next || !known(*next) || !known(envelope.from) || !known(envelope.to)) return;
  if (*next != self) return hand_on(*next, std::move(envelope));
  if (via == envelope.from || !hears(envelope.from)) {
    note_incarnation(envelope.from, envelope.from_incarnation);
  }
  if (is_fenced(envelope.from, envelope.from_incarnation)) return;
  peers_[envelope.from.value].link->receive(envelope);
}

void Mesh::hand_on(SiteId hop, wire::Envelope envelope) {
  Link& onward = *peers_[hop.value].link;
  if (!onward.has_control()) return;  // its author hears that this way is gone, and sends it again
  if (envelope.stream_class == StreamClass::control) return onward.tell(envelope);
  dispatch_.carry(hop, std::move(envelope));
  onward.pump();
}

void Mesh::plan(const std::vector<PlannedWay>& ways) {
  dispatch_.plan(ways);
  choose_routes();
  pump_all();
}

// It has lost a stream, and with it perhaps what it was to hand on: envelopes, and acknowledgements, which have no number.
void Mesh::relay_lost(SiteId relay) {
  dispatch_.relay_lost(relay);
  for (const Peer& peer : peers_) {
    if (peer.link && peer.link->route().relay == relay) peer.link->session().acknowledge_again();
  }
  pump_all();
}

// What is for `to` may go over other links than its own.
void Mesh::pump(SiteId to) {
  for (const SiteId hop : dispatch_.hops_to(to)) {
    if (hop != to) peers_[hop.value].link->pump();
  }
}

void Mesh::pump_all() {
  for (const Peer& peer : peers_) {
    if (peer.link) peer.link->pump();
  }
}

bool Mesh::hears(SiteId site) const {
  const auto heard = peers_[site.value].link->heard_at();
  return heard && loop_.now() - *heard <= settings_.timing.silence;
}

// What others say of a site that is heard here does not count: they could cut it off with a word.
void Mesh::take_hearing(SiteId via, wire::Hearing told) {
  std::erase_if(told.rows, [&](const wire::HearingRow& row) {
    const bool known = row.site.value < peers_.size() && row.site != settings_.identity.self;
    return !known || (row.site != via && hears(row.site));
  });
  hearing_.take(told, loop_.now());
  for (const wire::HearingRow& row : told.rows) {
    note_incarnation(row.site, row.incarnation);
    Peer& peer = peers_[row.site.value];
    if (row.incarnation != peer.incarnation) continue;
    peer.view = std::max(peer.view, row.view);
    if (row.ended_streams <= peer.ended_streams) continue;
    peer.ended_streams = row.ended_streams;
    relay_lost(row.site);
  }
}

void Mesh::direct_ended(SiteId site, Error error) {
  Peer& peer = peers_[site.value];
  peer.ended = std::move(error);
  if (peer.link->route().direct) peer.ended_at = loop_.now();  // a relay that is in use stays
  use_route(site);
  pump_all();  // what it held for others goes another way
  if (dials(site)) dial({site, StreamClass::control, 0}, settings_.retry_every);
}

void Mesh::merge_ended(SiteId site, std::uint16_t number, const Error& error) {
  if (error.code == ErrorCode::give_up) {  // it is no loss of a connection
    handlers_.refused({.code = error.code,
                       .where = fmt::format("{}, merge stream {}", describe(site), number),
                       .what = "closed: " + error.message(),
                       .fix = {},
                       .cause = {}});
  }
  pump_all();
  if (dials(site)) dial({site, StreamClass::merge, number}, settings_.retry_every);
}

// The stream may be in the middle of delivering, so it is destroyed from the loop.
void Mesh::drop(PendingRef pending) {
  loop_.cancel(pending->deadline);
  if (pending->stream) {
    pending->stream->set_handlers({});
    loop_.post([stream = std::shared_ptr<Stream>(std::move(pending->stream))] {});
  }
  pending_.erase(pending);
}

// ---- the beat ----

void Mesh::beat() {
  if (closing_) return;
  const env::TimePoint now = loop_.now();
  // A machine that stood still did not hear the others; that is no fault of theirs.
  if (now - beat_due_ > settings_.timing.silence) hearing_.was_away(now - beat_due_);
  std::vector<SiteId> heard;
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    if (!peers_[i].link) continue;
    peers_[i].link->beat();
    if (hears(SiteId{i})) heard.push_back(SiteId{i});
  }
  hearing_.beat(heard, view_, now);
  const wire::Hearing told = hearing_.tell();
  for (const Peer& peer : peers_) {
    if (peer.link) peer.link->tell(told);
  }
  choose_routes();
  handlers_.beat();
  beat_due_ = now + settings_.timing.beat_every;
  beat_timer_ = loop_.call_at(beat_due_, [this] { beat(); });
}

void Mesh::choose_routes() {
  for (std::uint16_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].link) use_route(SiteId{i});
  }
}

// Direct where both hear each other, and where there is nothing better to try.
Route Mesh::route_to(SiteId site) const {
  const env::TimePoint now = loop_.now();
  const bool connected = peers_[site.value].link->heard_at().has_value();
  const Route direct{.direct = connected, .relay = {}};
  const auto last = hearing_.last_mutual(settings_.identity.self, site);
  const bool heard_lately = hearing_.mutual(settings_.identity.self, site, now) || !last;
  if (connected && heard_lately) return direct;
  if (const auto relay = hearing_.relay_to(site, now, peers_[site.value].ended_at)) return {.direct = false, .relay = relay};
  return direct;
}

bool Mesh::can_use(const PlannedWay& way) const {
  const env::TimePoint now = loop_.now();
  SiteId at = way.from;
  std::vector<SiteId> stops = way.relays;
  stops.push_back(way.to);
  for (const SiteId next : stops) {
    const bool joined = at == way.from ? route_to(next).direct : hearing_.mutual(at, next, now);
    if (!joined) return false;
    at = next;
  }
  return true;
}

void Mesh::use_route(SiteId site) {
  Peer& peer = peers_[site.value];
  const Route route = route_to(site);
  dispatch_.use(site, route, [this](const PlannedWay& way) { return can_use(way); });
  if (route == peer.link->route()) return;
  peer.link->set_route(route);
  const std::optional<Error> why = route.direct ? std::exchange(peer.ended, std::nullopt) : peer.ended;
  if (peer.link->session().is_open()) handlers_.route(site, route, why ? &*why : nullptr);
}

}  // namespace intertie::links
