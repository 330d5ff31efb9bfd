#include "intertie/links/dispatch.h"

#include <algorithm>

namespace intertie::links {

using wire::Envelope;
using wire::StreamClass;

namespace {

constexpr std::uint64_t kUnplannedWindow = std::uint64_t{8} << 20U;  // where the rate is not known
constexpr std::uint64_t kMostWindow = std::uint64_t{32} << 20U;
constexpr double kSpare = 2;  // what others leave of a link is used, and rates differ from what was planned
constexpr Duration kUsualTime = std::chrono::milliseconds(100);
constexpr double kMostBehind = 4.0 * 1024 * 1024;  // bytes that a source may catch up on

// From where `way` has come to when it reaches this site: the next site.
SiteId first_hop(const PlannedWay& way) { return way.relays.empty() ? way.to : way.relays.front(); }

// The site after `self` on a way that comes through it.
std::optional<SiteId> hop_after(const PlannedWay& way, SiteId self) {
  if (way.from == self) return first_hop(way);
  const auto here = std::find(way.relays.begin(), way.relays.end(), self);
  if (here == way.relays.end()) return std::nullopt;
  return here + 1 == way.relays.end() ? way.to : *(here + 1);
}

double bytes_per_second(const PlannedWay& way) { return way.rate.bits_per_second / 8; }

}  // namespace

Dispatch::Dispatch(SiteId self, std::uint16_t num_sites, SessionOf session)
    : self_(self), session_(std::move(session)), outlets_(num_sites), carried_(num_sites) {}

// Of what is carried one source has all that goes from the one site to the other, whichever way it is on.
Dispatch::Source& Dispatch::source_of(SiteId hop, const PlannedWay& way) {
  std::vector<Source>& sources = outlets_[hop.value].sources;
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const Source& source) {
    return source.way.from == way.from && source.way.to == way.to && (way.from != self_ || source.way.relays == way.relays);
  });
  if (found != sources.end()) return *found;
  return sources.emplace_back(Source{.way = {.from = way.from, .to = way.to, .relays = way.relays, .rate = {}}});
}

void Dispatch::plan(const std::vector<PlannedWay>& ways) {
  for (Outlet& outlet : outlets_) {
    for (Source& source : outlet.sources) {
      source.way.rate = {};
      source.takes.reset();
    }
  }
  for (const PlannedWay& way : ways) {
    const auto hop = hop_after(way, self_);
    if (!hop) continue;
    BitRate& rate = source_of(*hop, way).way.rate;
    rate.bits_per_second += way.rate.bits_per_second;
  }
}

void Dispatch::use(SiteId to, const Route& route, const Usable& usable) {
  const auto each_way = [&](const auto& act) {
    for (Outlet& outlet : outlets_) {
      for (Source& source : outlet.sources) {
        if (own(source) && source.way.to == to) act(source);
      }
    }
  };
  bool planned = false;
  each_way([&](const Source& source) { planned = planned || (source.way.rate.bits_per_second > 0 && usable(source.way)); });
  if (!planned && route.relay) source_of(*route.relay, {.from = self_, .to = to, .relays = {*route.relay}});
  if (!planned && route.direct) source_of(to, {.from = self_, .to = to});
  each_way([&](Source& source) {
    const bool usual = source.way.relays.empty() ? route.direct : route.relay && source.way.relays == std::vector{*route.relay};
    const bool used = planned ? source.way.rate.bits_per_second > 0 && usable(source.way) : usual;
    if (source.usable && !used && !source.way.relays.empty()) session_(to).lost(Session::way_over(source.way.relays));
    source.usable = used;
  });
}

// ---- what is next ----

Bytes Dispatch::window(const Source& source) const {
  if (source.way.rate.bits_per_second <= 0) return Bytes{kUnplannedWindow};
  const double under_way = kSpare * bytes_per_second(source.way) * seconds_of(source.takes.value_or(kUsualTime));
  return Bytes{std::clamp<std::uint64_t>(static_cast<std::uint64_t>(under_way), 1, kMostWindow)};
}

bool Dispatch::ready(const Source& source, StreamClass stream_class) const {
  if (!own(source)) return stream_class == StreamClass::merge && !source.carried.empty();
  const Session& session = session_(source.way.to);
  if (!source.usable || !session.has_next(stream_class)) return false;
  return source.way.relays.empty() || session.bytes_on(Session::way_over(source.way.relays)) < window(source);
}

bool Dispatch::waits(SiteId hop) const {
  const std::vector<Source>& sources = outlets_[hop.value].sources;
  return std::any_of(sources.begin(), sources.end(), [this](const Source& source) {
    return ready(source, StreamClass::merge) || ready(source, StreamClass::bulk);
  });
}

Dispatch::Source* Dispatch::most_behind(Outlet& outlet, StreamClass stream_class) const {
  Source* best = nullptr;
  for (Source& source : outlet.sources) {
    if (ready(source, stream_class) && (!best || source.position < best->position)) best = &source;
  }
  return best;
}

// A source without a rate gets as much as one with the mean of the others. Who had nothing to send may catch up, but not on
// everything: a merge is over when the last byte is there, and what was idle in one merge has no claim on the next.
void Dispatch::serve(Outlet& outlet, Source& source, Bytes size) const {
  double all = 0;
  double planned = 0;
  for (const Source& each : outlet.sources) {
    all += bytes_per_second(each.way);
    planned += each.way.rate.bits_per_second > 0 ? 1 : 0;
  }
  const double mean = planned > 0 ? all / planned : 1;
  const double rate = source.way.rate.bits_per_second > 0 ? bytes_per_second(source.way) : mean;
  outlet.position = std::max(source.position, outlet.position - kMostBehind / (all > 0 ? all : mean));
  source.position = outlet.position + static_cast<double>(size.value) / rate;
}

void Dispatch::note_time(Source& source, env::TimePoint now) const {
  if (!source.timed || session_(source.way.to).awaits(source.timed->stream_class, source.timed->number)) return;
  const Duration took = now - source.timed->sent;
  source.takes = std::min(source.takes.value_or(took), took);
  source.timed.reset();
}

Envelope Dispatch::take(Source& source, StreamClass stream_class, Session::Way stream, env::TimePoint now) {
  if (!own(source)) {
    Envelope next = std::move(source.carried.front());
    source.carried.pop_front();
    carried_[next.from.value].value -= size_of(next).value;
    return next;
  }
  const std::vector<SiteId>& relays = source.way.relays;
  Envelope next = session_(source.way.to).take_next(stream_class, relays.empty() ? stream : Session::way_over(relays));
  next.relays = relays;
  if (!relays.empty() && !source.timed) source.timed = {stream_class, next.number, now};
  return next;
}

std::optional<Envelope> Dispatch::next(SiteId hop, Session::Way stream, env::TimePoint now) {
  Outlet& outlet = outlets_[hop.value];
  for (Source& source : outlet.sources) note_time(source, now);
  for (const auto stream_class : {StreamClass::merge, StreamClass::bulk}) {
    Source* source = most_behind(outlet, stream_class);
    if (!source) continue;
    Envelope next = take(*source, stream_class, stream, now);
    serve(outlet, *source, size_of(next));
    return next;
  }
  return std::nullopt;
}

std::vector<SiteId> Dispatch::hops_to(SiteId to) const {
  std::vector<SiteId> hops;
  for (std::uint16_t hop = 0; hop < outlets_.size(); ++hop) {
    const std::vector<Source>& sources = outlets_[hop].sources;
    if (std::any_of(sources.begin(), sources.end(),
                    [&](const Source& source) { return own(source) && source.usable && source.way.to == to; })) {
      hops.push_back(SiteId{hop});
    }
  }
  return hops;
}

// ---- for others, and what is lost ----

void Dispatch::carry(SiteId hop, Envelope envelope) {
  Bytes& carried = carried_[envelope.from.value];
  const Bytes size = size_of(envelope);
  if (carried.value + size.value > kMostCarried.value) return;
  carried = carried + size;
  source_of(hop, {.from = envelope.from, .to = envelope.to}).carried.push_back(std::move(envelope));
}

template <class Predicate>
void Dispatch::lose(Predicate predicate) {
  for (const Outlet& outlet : outlets_) {
    for (const Source& source : outlet.sources) {
      const std::vector<SiteId>& relays = source.way.relays;
      if (own(source) && !relays.empty() && predicate(relays)) session_(source.way.to).lost(Session::way_over(relays));
    }
  }
}

void Dispatch::stream_ended(SiteId hop) {
  lose([hop](const std::vector<SiteId>& relays) { return relays.front() == hop; });
}

void Dispatch::link_ended(SiteId hop) {
  stream_ended(hop);
  for (Source& source : outlets_[hop.value].sources) {
    for (const Envelope& envelope : source.carried) carried_[envelope.from.value].value -= size_of(envelope).value;
    source.carried.clear();
  }
}

void Dispatch::relay_lost(SiteId relay) {
  lose([relay](const std::vector<SiteId>& relays) { return std::find(relays.begin(), relays.end(), relay) != relays.end(); });
}

}  // namespace intertie::links
