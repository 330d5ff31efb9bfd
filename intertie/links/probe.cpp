#include "intertie/links/probe.h"

#include <algorithm>

namespace intertie::links {
namespace {

Duration fill_of(const wire::ProbeOrder& order) { return Duration(static_cast<Duration::rep>(order.fill)); }
Duration slot_of(const wire::ProbeOrder& order) { return Duration(static_cast<Duration::rep>(order.fill + order.rest)); }

constexpr BitRate kFastest{10e9};                        // of what is seen as fast as it is
constexpr Duration kLongest = std::chrono::seconds(10);  // of filling, and of resting

}  // namespace

// The circle method: one seat is fixed, the others move on by one after each slot; an odd number has an empty seat.
std::vector<Pairs> probe_slots(std::uint16_t num_sites) {
  if (num_sites < 2) return {};
  const std::uint32_t seats = num_sites + num_sites % 2U;
  const std::uint32_t moving = seats - 1;
  std::vector<Pairs> slots;
  for (std::uint32_t slot = 0; slot < moving; ++slot) {
    Pairs pairs;
    const auto add = [&](std::uint32_t a, std::uint32_t b) {
      if (std::max(a, b) >= num_sites) return;  // the empty seat
      const auto [low, high] = std::minmax(a, b);
      pairs.emplace_back(SiteId{static_cast<std::uint16_t>(low)}, SiteId{static_cast<std::uint16_t>(high)});
    };
    add(slot, moving);
    for (std::uint32_t i = 1; i < seats / 2; ++i) add((slot + i) % moving, (slot + moving - i) % moving);
    slots.push_back(std::move(pairs));
  }
  return slots;
}

BitRate best_rate(const std::vector<Delivered>& samples, Duration window) {
  double best = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < samples.size(); ++last) {
    while (first + 1 < last && samples[last].at - samples[first + 1].at >= window) ++first;
    const Duration span = samples[last].at - samples[first].at;
    if (span < window) continue;
    best = std::max(best, rate_between(samples[first], samples[last]).bits_per_second);
  }
  return {best};
}

std::vector<double> rates_of_stretches(const std::vector<Delivered>& samples, Duration window) {
  std::vector<double> rates;
  std::size_t first = 0;
  for (std::size_t last = 1; last < samples.size(); ++last) {
    if (samples[last].at - samples.front().at < window * static_cast<Duration::rep>(rates.size() + 1)) continue;
    rates.push_back(rate_between(samples[first], samples[last]).bits_per_second);
    first = last;
  }
  return rates;
}

wire::ProbeOrder Probe::order_for(Duration longest_round_trip) {
  const auto at_most = [](Duration time) { return static_cast<std::uint64_t>(std::min(time, kLongest).count()); };
  return {.fill = at_most(Climb::takes(longest_round_trip, kFastest) + 3 * kWindow / 2),
          .rest = at_most(std::max<Duration>(3 * longest_round_trip, std::chrono::milliseconds(300))),
          .round_trip = at_most(longest_round_trip)};
}

bool Probe::is_sane(const wire::ProbeOrder& order) {
  constexpr auto kMost = static_cast<std::uint64_t>(kLongest.count());
  return order.fill <= kMost && order.rest <= kMost && fill_of(order) >= kWindow && order.round_trip <= kMost;
}

Duration Probe::takes(const wire::ProbeOrder& order, std::uint16_t num_sites) {
  return slot_of(order) * static_cast<Duration::rep>(1 + probe_slots(num_sites).size());
}

Probe::Probe(env::Loop& loop, Mesh& mesh, SiteId self, std::uint16_t num_sites)
    : loop_(loop), mesh_(mesh), self_(self), num_sites_(num_sites), slots_(probe_slots(num_sites)) {}

Probe::~Probe() {
  loop_.cancel(timer_);
  loop_.cancel(sample_timer_);
}

void Probe::begin(const wire::ProbeOrder& order, std::function<void(wire::ProbeReport)> done) {
  order_ = order;
  done_ = std::move(done);
  for (const SiteId to : partners(0)) report_.links.push_back({.to = to});
  began_ = loop_.now();
  begin_slot();
}

std::vector<SiteId> Probe::partners(std::size_t slot) const {
  std::vector<SiteId> sites;
  if (slot == 0) {
    for (std::uint16_t i = 0; i < num_sites_; ++i) {
      if (SiteId{i} != self_) sites.push_back(SiteId{i});
    }
    return sites;
  }
  for (const auto& [a, b] : slots_[slot - 1]) {
    if (a == self_) sites.push_back(b);
    if (b == self_) sites.push_back(a);
  }
  return sites;
}

// Slots are counted from the order, so that sites that hear of it at other times do not drift apart.
void Probe::begin_slot() {
  samples_.assign(num_sites_, {});
  for (const SiteId to : partners(slot_)) {
    const Duration round_trip = std::max(mesh_.link(to)->round_trip(), Duration(static_cast<Duration::rep>(order_.round_trip)));
    const Climb& climb = climbs_.emplace(to, Climb(loop_.now(), round_trip)).first->second;
    mesh_.fill(to, climb.pace(), turn());
  }
  sample();
  timer_ =
      loop_.call_at(began_ + slot_of(order_) * static_cast<Duration::rep>(slot_) + fill_of(order_), [this] { end_slot(); });
}

void Probe::sample() {
  for (std::uint16_t i = 0; i < num_sites_; ++i) {
    if (const Link* link = mesh_.link(SiteId{i})) samples_[i].push_back({loop_.now(), link->delivered()});
  }
  climb();
  sample_timer_ = loop_.call_after(kSampleEvery, [this] { sample(); });
}

void Probe::climb() {
  for (auto& [to, climb] : climbs_) {
    if (climb.note(samples_[to.value].back())) mesh_.fill(to, climb.pace(), turn());
  }
}

// What is on its way is still acknowledged, and counts.
void Probe::end_slot() {
  for (const auto& [to, climb] : climbs_) mesh_.stop_filling(to);
  climbs_.clear();
  timer_ = loop_.call_at(began_ + slot_of(order_) * static_cast<Duration::rep>(slot_ + 1), [this] {
    loop_.cancel(sample_timer_);
    note_rates();
    if (slot_++ < slots_.size()) return begin_slot();
    const auto done = done_;
    done(std::move(report_));
  });
}

void Probe::note_rates() {
  const std::vector<SiteId> filled = partners(slot_);
  for (wire::ProbedLink& link : report_.links) {
    if (std::find(filled.begin(), filled.end(), link.to) == filled.end()) continue;
    const std::vector<Delivered>& samples = samples_[link.to.value];
    if (slot_ == 0) {
      link.together = rates_of_stretches(samples, kStretch);
    } else {
      link.alone = best_rate(samples, kWindow).bits_per_second;
    }
    link.round_trip = static_cast<std::uint64_t>(mesh_.link(link.to)->round_trip().count());
  }
}

}  // namespace intertie::links
