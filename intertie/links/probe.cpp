#include "intertie/links/probe.h"

#include <algorithm>

namespace intertie::links {
namespace {

Duration fill_of(const wire::ProbeOrder& order) { return Duration(static_cast<Duration::rep>(order.fill)); }
Duration slot_of(const wire::ProbeOrder& order) { return Duration(static_cast<Duration::rep>(order.fill + order.rest)); }

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

BitRate best_rate(const std::vector<Arrived>& samples, Duration window) {
  double best = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < samples.size(); ++last) {
    while (first + 1 < last && samples[last].at - samples[first + 1].at >= window) ++first;
    const Duration span = samples[last].at - samples[first].at;
    if (span < window) continue;
    best = std::max(best, 8 * static_cast<double>(samples[last].bytes.value - samples[first].bytes.value) / seconds_of(span));
  }
  return {best};
}

bool Probe::is_sane(const wire::ProbeOrder& order) {
  constexpr std::uint64_t kMost = 10'000'000'000;
  return order.fill <= kMost && order.rest <= kMost && fill_of(order) >= kWindow;
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
  for (const SiteId to : partners(slot_)) mesh_.fill(to, true);
  sample();
  timer_ =
      loop_.call_at(began_ + slot_of(order_) * static_cast<Duration::rep>(slot_) + fill_of(order_), [this] { end_slot(); });
}

void Probe::sample() {
  for (std::uint16_t i = 0; i < num_sites_; ++i) {
    if (const Link* link = mesh_.link(SiteId{i})) samples_[i].push_back({loop_.now(), link->bytes_received()});
  }
  sample_timer_ = loop_.call_after(kSampleEvery, [this] { sample(); });
}

// What is on its way still comes, and counts.
void Probe::end_slot() {
  for (const SiteId to : partners(slot_)) mesh_.fill(to, false);
  timer_ = loop_.call_at(began_ + slot_of(order_) * static_cast<Duration::rep>(slot_ + 1), [this] {
    std::vector<BitRate>& rates = rates_.emplace_back();
    for (const std::vector<Arrived>& samples : samples_) rates.push_back(best_rate(samples, kWindow));
    loop_.cancel(sample_timer_);
    if (slot_++ == slots_.size()) return finish();
    begin_slot();
  });
}

void Probe::finish() {
  wire::ProbeReport report;
  for (std::uint16_t i = 0; i < num_sites_; ++i) {
    if (SiteId{i} == self_) continue;
    wire::ProbedLink link{.from = SiteId{i}, .together = rates_[0][i].bits_per_second};
    for (std::size_t slot = 1; slot <= slots_.size(); ++slot) {
      const std::vector<SiteId> with = partners(slot);
      if (std::find(with.begin(), with.end(), SiteId{i}) != with.end()) link.alone = rates_[slot][i].bits_per_second;
    }
    link.round_trip = static_cast<std::uint64_t>(mesh_.link(SiteId{i})->round_trip().count());
    report.links.push_back(link);
  }
  const auto done = done_;
  done(std::move(report));
}

}  // namespace intertie::links
