#include "intertie/reduce/flow_programme.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace intertie::reduce {
namespace {

using Entries = std::vector<LinearProgramme::Entry>;

constexpr int kNoRow = -1;
constexpr double kNegligible = 1e-9;
// What a later objective may cost the earlier ones: above rounding, below what anybody measures.
constexpr double kSlack = 1e-7;
// Ways that carry less than this part of a pair's bytes are not worth their name in the schedule.
constexpr double kLeastFraction = 1.0 / 4096;
// A pair's widest ways over one relay are there from the beginning: half the search where links differ.
constexpr std::size_t kFirstRelays = 4;
// Shares that differ by less are alike, and the same.
constexpr double kShareUnit = 1e-7;

// A way by all its sites.
std::vector<std::size_t> key_of(std::size_t from, std::size_t to, const std::vector<std::size_t>& relays) {
  std::vector<std::size_t> key{from, to};
  key.insert(key.end(), relays.begin(), relays.end());
  return key;
}

}  // namespace

FlowProgramme::FlowProgramme(const Limits& limits, const Volumes& volumes, const std::vector<double>& most)
    : limits_(limits),
      n_(limits.num_sites),
      unit_(limits.typical() > 0 ? limits.typical() : 1),
      volume_(std::max({volumes.contribution, volumes.result, 1.0})),
      scaled_{volumes.contribution / volume_, volumes.result / volume_} {
  add_rows(!most.empty());
  if (!most.empty()) add_shares(most);
  for (std::size_t from = 0; from < n_; ++from) {
    for (std::size_t to = 0; to < n_; ++to) {
      if (from == to) continue;
      add_first_way(from, to);
      add_wide_ways(from, to);
    }
  }
}

// whole    the shares make up the fragment
// demand   what goes from i to j over all ways is what j sums of i's contribution, and what i has summed for j
// link     all that goes over a link, for whomever, is no more than its rate times the time; access up and down likewise
// relayed  bits times the relays they pass
// even     no share is larger than the largest
void FlowProgramme::add_rows(bool owners) {
  Entries time;
  whole_row_ = lp_.add_row(owners ? LinearProgramme::Row{1, 1} : LinearProgramme::Row{});
  const double demand = owners ? 0 : scaled_.contribution;
  for (std::size_t i = 0; i < n_ * n_; ++i) {
    const double to_another = i % (n_ + 1) == 0 ? 0 : demand;
    demand_rows_.push_back(lp_.add_row({to_another, to_another}));
  }
  const auto limited = [&](double rate) {
    if (rate <= 0 || std::isinf(rate)) return kNoRow;
    const int row = lp_.add_row({.upper = 0});
    time.push_back({row, -rate / unit_});
    return row;
  };
  for (const double rate : limits_.rates) link_rows_.push_back(limited(rate));
  for (const double rate : limits_.up) up_rows_.push_back(limited(rate));
  for (const double rate : limits_.down) down_rows_.push_back(limited(rate));
  relayed_row_ = lp_.add_row({.upper = 0});
  Entries largest;
  for (std::size_t i = 0; owners && i < n_; ++i) {
    even_rows_.push_back(lp_.add_row({.upper = 0}));
    largest.push_back({even_rows_[i], -1});
  }
  time_ = lp_.add_column({}, time);
  relayed_ = lp_.add_column({}, Entries{{relayed_row_, -1}});
  largest_ = lp_.add_column({}, largest);
}

void FlowProgramme::add_shares(const std::vector<double>& most) {
  for (std::size_t owner = 0; owner < n_; ++owner) {
    Entries entries{{whole_row_, 1}, {even_rows_[owner], 1}};
    for (std::size_t other = 0; other < n_; ++other) {
      if (other == owner) continue;
      entries.push_back({demand_rows_[pair(other, owner)], -scaled_.contribution});
      entries.push_back({demand_rows_[pair(owner, other)], -scaled_.result});
    }
    shares_.push_back(lp_.add_column({.upper = most[owner]}, entries));
  }
}

// The direct one; where there is no link, the first over as few relays as it takes. None: then nothing can go there.
void FlowProgramme::add_first_way(std::size_t from, std::size_t to) {
  const Prices free(n_ * n_);
  for (const std::size_t num_relays : {0U, 1U, 2U}) {
    const Offered way = best_way(free, from, to, num_relays);
    if (std::isfinite(way.cost)) return add_way(from, to, way.relays);
  }
}

void FlowProgramme::add_way(std::size_t from, std::size_t to, std::vector<std::size_t> relays) {
  Entries entries{{demand_rows_[pair(from, to)], 1}};
  if (!relays.empty()) entries.push_back({relayed_row_, static_cast<double>(relays.size())});
  std::vector<std::size_t> stops = relays;
  stops.push_back(to);
  std::size_t at = from;
  for (const std::size_t next : stops) {
    for (const int row : {link_rows_[pair(at, next)], up_rows_[at], down_rows_[next]}) {
      if (row != kNoRow) entries.push_back({row, 1});
    }
    at = next;
  }
  known_.insert(key_of(from, to, relays));
  ways_.push_back({from, to, std::move(relays), lp_.add_column({}, entries)});
}

void FlowProgramme::add_wide_ways(std::size_t from, std::size_t to) {
  if (link_rows_[pair(from, to)] == kNoRow) return;
  std::vector<std::pair<double, std::size_t>> relays;  // by rate, the highest first
  for (std::size_t relay = 0; relay < n_; ++relay) {
    if (relay == from || relay == to) continue;
    const double rate = std::min(limits_.rate(from, relay), limits_.rate(relay, to));
    if (rate > limits_.rate(from, to)) relays.emplace_back(-rate, relay);
  }
  const std::size_t num_wide = std::min(relays.size(), kFirstRelays);
  std::partial_sort(relays.begin(), relays.begin() + static_cast<std::ptrdiff_t>(num_wide), relays.end());
  for (std::size_t i = 0; i < num_wide; ++i) add_way(from, to, {relays[i].second});
}

FlowProgramme::Prices FlowProgramme::prices() const {
  const auto price = [this](int row) { return row == kNoRow ? 0 : std::max(0.0, -lp_.dual(row)); };
  return prices_by(price);
}

template <class PriceOfRow>
FlowProgramme::Prices FlowProgramme::prices_by(const PriceOfRow& price) const {
  Prices prices(n_ * n_);
  for (std::size_t from = 0; from < n_; ++from) {
    for (std::size_t to = 0; to < n_; ++to) {
      if (!limits_.linked(from, to)) continue;
      prices[pair(from, to)] = price(link_rows_[pair(from, to)]) + price(up_rows_[from]) + price(down_rows_[to]);
    }
  }
  return prices;
}

FlowProgramme::Offered FlowProgramme::best_way(const Prices& prices, std::size_t from, std::size_t to,
                                               std::size_t num_relays) const {
  Offered best{.relays = {}, .cost = std::numeric_limits<double>::infinity()};
  const auto leg = [&](std::size_t a, std::size_t b) { return limits_.linked(a, b) ? prices[pair(a, b)] : best.cost; };
  if (num_relays == 0) {
    if (limits_.linked(from, to)) best.cost = prices[pair(from, to)];
    return best;
  }
  for (std::size_t first = 0; first < n_; ++first) {
    if (first == from || first == to || !limits_.linked(from, first)) continue;
    const double so_far = prices[pair(from, first)];
    if (num_relays == 1) {
      if (const double cost = so_far + leg(first, to); cost < best.cost) best = {{first}, cost};
      continue;
    }
    for (std::size_t second = 0; second < n_; ++second) {
      if (second == from || second == to || second == first || !limits_.linked(first, second)) continue;
      const double cost = so_far + prices[pair(first, second)] + leg(second, to);
      if (cost < best.cost) best = {{first, second}, cost};
    }
  }
  return best;
}

// The cheapest way of each number of relays, if it costs less than what a bit of its pair is worth. False: there are none, so
// the solution is the best of all ways.
bool FlowProgramme::add_better_ways() {
  const Prices now = prices();
  const double relaying = std::max(0.0, -lp_.dual(relayed_row_));
  std::vector<WayColumn> better;
  for (std::size_t from = 0; from < n_; ++from) {
    for (std::size_t to = 0; to < n_; ++to) {
      if (from == to) continue;
      const double worth = lp_.dual(demand_rows_[pair(from, to)]) - 10 * kNegligible;
      for (const std::size_t num_relays : {1U, 2U}) {
        Offered way = best_way(now, from, to, num_relays);
        const double cost = way.cost + static_cast<double>(num_relays) * relaying;
        if (cost < worth && !known_.contains(key_of(from, to, way.relays)))
          better.push_back({from, to, std::move(way.relays), 0});
      }
    }
  }
  for (WayColumn& way : better) add_way(way.from, way.to, std::move(way.relays));
  return !better.empty();
}

// No merge takes less time than what its cheapest ways and owners cost at whatever prices, if all links and access lines
// together earn 1 by them in a unit of time (linear duality). Where links are alike, equal prices prove that all is best that
// goes directly, which the search would be long about.
double FlowProgramme::bound_at_equal_prices() const {
  double rates = 0;
  for (const auto* list : {&limits_.rates, &limits_.up, &limits_.down}) {
    for (const double rate : *list) rates += std::isfinite(rate) ? rate / unit_ : 0;
  }
  const Prices equal = prices_by([rates](int row) { return row == kNoRow ? 0 : 1 / rates; });
  std::vector<double> cheapest(n_ * n_);
  for (std::size_t from = 0; from < n_; ++from) {
    for (std::size_t to = 0; to < n_; ++to) {
      if (from == to) continue;
      double& cost = cheapest[pair(from, to)];
      cost = std::numeric_limits<double>::infinity();
      for (const std::size_t num_relays : {0U, 1U, 2U}) cost = std::min(cost, best_way(equal, from, to, num_relays).cost);
    }
  }
  double all = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t site = 0; site < n_; ++site) {
    double of_owner = 0;
    for (std::size_t other = 0; other < n_; ++other) {
      const double in = scaled_.contribution * cheapest[pair(other, site)];
      of_owner += in + scaled_.result * cheapest[pair(site, other)];
      all += in;
    }
    least = std::min(least, of_owner);
  }
  return owners() ? least : all;
}

// `least`: a value that is known to be the least there is.
bool FlowProgramme::minimise(int column, double least) {
  lp_.set_cost(column, 1);
  do {
    if (!lp_.solve()) return false;
  } while (lp_.value(column) > least * (1 + kSlack) && add_better_ways());
  lp_.set_cost(column, 0);
  return true;
}

// The largest share as small as it can be, then the next, and so on: owners that are alike get shares that are alike.
void FlowProgramme::even_out() {
  std::vector<std::size_t> open(n_);
  for (std::size_t i = 0; i < n_; ++i) open[i] = i;
  while (!open.empty() && minimise(largest_, 0)) {
    const double largest = lp_.value(largest_);
    std::vector<std::size_t> held;  // that cannot be smaller, or else all that are as large
    for (const double least_price : {kNegligible, -1.0}) {
      for (const std::size_t i : open) {
        const bool is_largest = lp_.value(shares_[i]) > largest - 10 * kNegligible;
        if (is_largest && -lp_.dual(even_rows_[i]) > least_price) held.push_back(i);
      }
      if (!held.empty()) break;
    }
    for (const std::size_t i : held) {
      lp_.set_row_upper(even_rows_[i], LinearProgramme::kNoLimit);
      lp_.set_upper(shares_[i], largest + 10 * kNegligible);
      std::erase(open, i);
    }
    if (held.empty() || largest < kNegligible) return;
  }
}

std::optional<Flows> FlowProgramme::solve() {
  if (!minimise(time_, bound_at_equal_prices())) return std::nullopt;
  const double time = lp_.value(time_);
  lp_.set_upper(time_, time * (1 + kSlack) + kNegligible);
  if (minimise(relayed_, 0)) {
    lp_.set_upper(relayed_, lp_.value(relayed_) * (1 + kSlack) + kNegligible);
    if (owners()) even_out();
  }
  Flows found = flows();
  found.transfer = time * volume_ / unit_;
  return found;
}

Flows FlowProgramme::flows() const {
  Flows flows{.transfer = 0, .shares = {}, .ways = std::vector<std::vector<Portion>>(n_ * n_)};
  for (const int share : shares_) flows.shares.push_back(std::round(std::max(0.0, lp_.value(share)) / kShareUnit) * kShareUnit);
  std::vector<double> totals(n_ * n_);
  for (const WayColumn& way : ways_) totals[pair(way.from, way.to)] += std::max(0.0, lp_.value(way.column));
  std::vector<double> kept(n_ * n_);
  for (const WayColumn& way : ways_) {
    const double volume = lp_.value(way.column);
    const double total = totals[pair(way.from, way.to)];
    if (total < 10 * kNegligible || volume < total * kLeastFraction) continue;
    flows.ways[pair(way.from, way.to)].push_back({way.relays, volume});
    kept[pair(way.from, way.to)] += volume;
  }
  for (std::size_t i = 0; i < flows.ways.size(); ++i) {
    for (Portion& portion : flows.ways[i]) portion.fraction /= kept[i];
  }
  return flows;
}

}  // namespace intertie::reduce
