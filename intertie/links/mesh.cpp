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
    if (SiteId{i} != settings_.identity.self) peers_[i].link = make_link(SiteId{i});
  }
}

std::unique_ptr<Link> Mesh::make_link(SiteId site) {
  std::vector<std::uint16_t> num_merge_streams;
  for (const PathSettings& path : settings_.paths[site.value]) num_merge_streams.push_back(path.num_merge_streams);
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
          .ended = [this, site](std::uint16_t path, Error error) { path_ended(site, path, std::move(error)); },
          .merge_ended = [this, site](std::uint16_t path, std::uint16_t number,
                                      const Error& error) { merge_ended(site, path, number, error); },
          .broken = [this, site](Error error) { handlers_.broken(site, std::move(error)); },
          .closed = [this] { handlers_.closed(); },
          .round_trip = handlers_.round_trip});
}

Mesh::~Mesh() {
  loop_.cancel(beat_timer_);
  for (const Pending& pending : pending_) loop_.cancel(pending.deadline);
}

Result<void> Mesh::start() {
  for (const env::Address& address : settings_.listen) {
    auto listener = network_.listen(
        address, [this](std::unique_ptr<env::Connection> connection) { accepted(std::move(connection)); },
        [this](Error error) { handlers_.refused(std::move(error)); });
    INTERTIE_ASSIGN(listeners_.emplace_back(), std::move(listener));
  }
  for (std::uint16_t i = 0; i < peers_.size(); ++i) dial_paths(SiteId{i}, Duration{0});
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
  listeners_.clear();
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

// ---- streams that come and go ----

void Mesh::attach(const Dialled& attached, std::unique_ptr<Stream> stream) {
  const auto [site, path, stream_class, number] = attached;
  Peer& peer = peers_[site.value];
  if (dials(site)) dialling_.erase(attached);
  peer.last_attempt.clear();  // what failed before is over
  if (stream_class == StreamClass::merge) return peer.link->attach_merge(path, number, std::move(stream));
  const bool joins_others = peer.link->num_paths() > 1 && peer.link->has_control();
  peer.link->attach_control(path, std::move(stream));
  peer.link->tell(hearing_.tell());
  use_route(site);
  for (std::uint16_t i = 0; dials(site) && i < settings_.paths[site.value][path].num_merge_streams; ++i) {
    dial({site, path, StreamClass::merge, i});
  }
  if (joins_others) return handlers_.path(site, path, nullptr);
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
  dial_paths(site, settings_.retry_every);
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
  dial_paths(site, settings_.retry_every);
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

void Mesh::path_ended(SiteId site, std::uint16_t path, Error error) {
  Peer& peer = peers_[site.value];
  if (dials(site)) dial({.site = site, .path = path}, settings_.retry_every);
  if (peer.link->has_control()) {
    pump_all();  // what it held for others goes another way
    return handlers_.path(site, path, &error);
  }
  peer.ended = std::move(error);
  if (peer.link->route().direct) peer.ended_at = loop_.now();  // a relay that is in use stays
  use_route(site);
  pump_all();
}

void Mesh::merge_ended(SiteId site, std::uint16_t path, std::uint16_t number, const Error& error) {
  if (error.code == ErrorCode::give_up) {  // it is no loss of a connection
    handlers_.refused({.code = error.code,
                       .where = fmt::format("{}, merge stream {}", describe(site), number),
                       .what = "closed: " + error.message(),
                       .fix = {},
                       .cause = {}});
  }
  pump_all();
  if (dials(site)) dial({site, path, StreamClass::merge, number}, settings_.retry_every);
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
