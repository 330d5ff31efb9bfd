// What a schedule costs over a map.
#include <algorithm>
#include <cmath>

#include "intertie/reduce/loads.h"
#include "intertie/reduce/schedule.h"

namespace intertie::reduce {
namespace {

const std::vector<wire::Way> kDirect{wire::Way{}};

// By index in the map.
std::vector<double> owned_elements(const wire::Schedule& schedule, const Map& map) {
  std::vector<double> owned(map.num_sites());
  for (const wire::Piece& piece : schedule.pieces) {
    owned[map.index_of(piece.owner)] += static_cast<double>(elements_of(piece.blocks, schedule.elements).size());
  }
  return owned;
}

// The sites after the first that a way leads through, to the last.
std::vector<std::size_t> stops_of(const wire::Way& way, std::size_t to, const Map& map) {
  std::vector<std::size_t> stops;
  for (const SiteId relay : way.relays) stops.push_back(map.index_of(relay));
  stops.push_back(to);
  return stops;
}

Duration duration_of(double seconds) {
  constexpr double kLongest = 9e9;  // seconds that a Duration can count
  return seconds < kLongest ? Duration(std::llround(seconds * 1e9)) : Duration::max();
}

double delay_to_the_last(const Loads& loads, bool gather, const std::vector<double>& owned) {
  const std::size_t n = owned.size();
  double longest = 0;
  for (std::size_t at = 0; at < n; ++at) {
    double to_it = 0;
    double from_it = 0;
    for (std::size_t other = 0; other < n; ++other) {
      to_it = std::max(to_it, loads.delay(other, at));
      from_it = std::max(from_it, loads.delay(at, other));
    }
    if (gather) longest = std::max(longest, to_it);
    if (!gather && owned[at] > 0) longest = std::max(longest, to_it + from_it);
  }
  return longest;
}

}  // namespace

Loads::Loads(const wire::Schedule& schedule, const Map& map, ElementBytes element)
    : num_sites_(map.num_sites()), bits_(num_sites_ * num_sites_), delays_(num_sites_ * num_sites_) {
  const bool gather = schedule.reduction == wire::Reduction::gather;
  const std::vector<double> owned =
      gather ? std::vector<double>(num_sites_, static_cast<double>(schedule.elements)) : owned_elements(schedule, map);
  for (std::size_t from = 0; from < num_sites_; ++from) {
    for (std::size_t to = 0; to < num_sites_; ++to) {
      const double bytes = owned[to] * element.contribution + (gather ? 0 : owned[from] * element.result);
      if (from != to && bytes > 0) add(schedule, map, {from, to, 8 * bytes});
    }
  }
  longest_delay_ = delay_to_the_last(*this, gather, owned);
}

void Loads::add(const wire::Schedule& schedule, const Map& map, const Demand& demand) {
  const wire::Route* route = find_route(schedule, map.site(demand.from).site, map.site(demand.to).site);
  for (const wire::Way& way : route ? route->ways : kDirect) {
    const double bits = demand.bits * way.parts / wire::Way::kWhole;
    double delay = 0;
    std::size_t at = demand.from;
    for (const std::size_t next : stops_of(way, demand.to, map)) {
      bits_[at * num_sites_ + next] += bits;
      if (const auto& link = map.link(at, next)) delay += seconds_of(link->delay);
      at = next;
    }
    double& longest = delays_[demand.from * num_sites_ + demand.to];
    longest = std::max(longest, delay);
  }
}

double Loads::sent(std::size_t from) const {
  double sum = 0;
  for (std::size_t to = 0; to < num_sites_; ++to) sum += bits(from, to);
  return sum;
}

double Loads::received(std::size_t to) const {
  double sum = 0;
  for (std::size_t from = 0; from < num_sites_; ++from) sum += bits(from, to);
  return sum;
}

double Loads::transfer(const Limits& limits) const {
  double longest = 0;
  for (std::size_t from = 0; from < num_sites_; ++from) {
    longest = std::max({longest, sent(from) / limits.up[from], received(from) / limits.down[from]});
    for (std::size_t to = 0; to < num_sites_; ++to) {
      if (bits(from, to) > 0) longest = std::max(longest, bits(from, to) / limits.rate(from, to));
    }
  }
  return longest;
}

Cost predict(const wire::Schedule& schedule, const Map& map, ElementBytes element) {
  const Loads loads(schedule, map, element);
  Cost cost{.sent = {}, .transfer = duration_of(loads.transfer(Limits(map))), .delays = duration_of(loads.longest_delay())};
  for (std::size_t i = 0; i < map.num_sites(); ++i) {
    cost.sent.push_back(Bytes{static_cast<std::uint64_t>(std::llround(loads.sent(i) / 8))});
  }
  if (cost.transfer == Duration::max()) cost.delays = Duration{0};
  return cost;
}

}  // namespace intertie::reduce
