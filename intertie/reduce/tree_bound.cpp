#include "intertie/reduce/tree_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "intertie/reduce/least_cut.h"

namespace intertie::reduce {
namespace {

constexpr int kMostRounds = 60;  // a bound that lacks some cuts is one too
constexpr double kShort = 1e-6;  // what a cut lacks before it is added
constexpr double kRounding = 1e-7;

}  // namespace

TreeBound::TreeBound(const Limits& limits, const Volumes& volumes, double earliest)
    : limits_(limits),
      n_(limits.num_sites),
      unit_(limits.typical()),
      volume_(std::max(volumes.contribution, volumes.result)),
      unit_seconds_(volume_ / unit_),
      earliest_(earliest / unit_seconds_),
      sizes_{volumes.contribution / volume_, 1, volumes.contribution / volume_, volumes.result / volume_},
      sent_(n_ * n_, {-1, -1, -1, -1}) {
  add_columns();
  add_limits();
  for (std::size_t site = 0; site < n_; ++site) add_site_rows(site);
}

void TreeBound::add_columns() {
  time_ = lp_.add_column({.cost = 1, .lower = earliest_});
  for (std::size_t from = 0; from < n_; ++from) {
    for (std::size_t to = 0; to < n_; ++to) {
      if (!limits_.linked(from, to)) continue;
      for (int& column : sent_[pair(from, to)]) column = lp_.add_column({});
    }
  }
  Entries whole;
  for (std::size_t site = 0; site < n_; ++site) {
    roots_.push_back(lp_.add_column({.upper = 1}));
    gathered_.push_back(lp_.add_column({.upper = 1}));
    whole.push_back({roots_.back(), 1});
  }
  lp_.add_row({1, 1}, whole);
}

// What arrives in time left before the end less the delay, and a sum not before something had come to sum it with.
void TreeBound::limit(double rate, double delay, double delay_of_sums, const std::vector<std::size_t>& links) {
  if (std::isinf(rate) || rate <= 0 || links.empty()) return;
  const double scaled = rate / unit_;
  for (const bool only_sums : {false, true}) {
    Entries entries{{time_, -scaled}};
    for (const std::size_t link : links) {
      for (const std::size_t kind : {early_single, early_sum, late_single, late_sum}) {
        const bool counts = !only_sums || kind == early_sum || kind == late_sum;
        if (counts) entries.push_back({sent_[link][kind], sizes_[kind]});
      }
    }
    const double lost = std::min(earliest_, (only_sums ? delay_of_sums : delay) / unit_seconds_);
    lp_.add_row({.upper = -scaled * lost}, entries);
  }
}

double TreeBound::first_arrival(std::size_t site) const {
  double first = std::numeric_limits<double>::infinity();
  for (std::size_t from = 0; from < n_; ++from) {
    if (limits_.linked(from, site)) first = std::min(first, limits_.delay(from, site));
  }
  return first;
}

void TreeBound::add_limits() {
  const double never = std::numeric_limits<double>::infinity();
  std::vector<double> into(n_, never), sums_into(n_, never), from_it(n_, never);
  std::vector<std::vector<std::size_t>> in(n_), out(n_);
  for (std::size_t from = 0; from < n_; ++from) {
    const double first = first_arrival(from);
    for (std::size_t to = 0; to < n_; ++to) {
      if (!limits_.linked(from, to)) continue;
      const double delay = limits_.delay(from, to);
      limit(limits_.rate(from, to), delay, delay + first, {pair(from, to)});
      from_it[from] = std::min(from_it[from], delay);
      into[to] = std::min(into[to], delay);
      sums_into[to] = std::min(sums_into[to], delay + first);
      out[from].push_back(pair(from, to));
      in[to].push_back(pair(from, to));
    }
  }
  for (std::size_t site = 0; site < n_; ++site) {
    limit(limits_.up[site], from_it[site], from_it[site] + first_arrival(site), out[site]);
    limit(limits_.down[site], into[site], sums_into[site], in[site]);
  }
}

// Whatever is not rooted at a site makes it learn the sum after the root did. And what it gets no sum of, it gets from each
// other site.
void TreeBound::add_site_rows(std::size_t site) {
  Entries learns{{roots_[site], 1}};
  Entries sums{{gathered_[site], 1}};
  Entries singles{{gathered_[site], -(static_cast<double>(n_) - 1)}};
  for (std::size_t from = 0; from < n_; ++from) {
    const auto& sent = sent_[pair(from, site)];
    if (sent[0] < 0) continue;
    for (const std::size_t kind : {late_single, late_sum}) learns.push_back({sent[kind], 1});
    for (const std::size_t kind : {early_sum, late_sum}) sums.push_back({sent[kind], 1});
    for (const std::size_t kind : {early_single, late_single}) singles.push_back({sent[kind], 1});
  }
  lp_.add_row({.lower = 1}, learns);
  lp_.add_row({.lower = 1}, sums);
  lp_.add_row({.lower = 0}, singles);
  std::vector<bool> alone(n_);
  alone[site] = true;
  add_cut(alone, true);
  add_cut(alone, false);
}

void TreeBound::add_cut(const std::vector<bool>& near, bool early) {
  Entries entries;
  for (std::size_t from = 0; from < n_; ++from) {
    if (early && near[from]) entries.push_back({roots_[from], 1});
    for (std::size_t to = 0; to < n_; ++to) {
      const auto& sent = sent_[pair(from, to)];
      if (!near[from] || near[to] || sent[0] < 0) continue;
      for (const std::size_t kind : {early_single, early_sum}) entries.push_back({sent[kind], 1});
      if (early) continue;
      for (const std::size_t kind : {late_single, late_sum}) entries.push_back({sent[kind], 1});
    }
  }
  lp_.add_row({.lower = 1}, entries);
}

double TreeBound::amount(std::size_t link, bool early) const {
  if (sent_[link][0] < 0) return 0;
  const double first = lp_.value(sent_[link][early_single]) + lp_.value(sent_[link][early_sum]);
  const double later = lp_.value(sent_[link][late_single]) + lp_.value(sent_[link][late_sum]);
  return std::max(0.0, early ? first : first + later);
}

// With `roots`, the sink is one more node, to which each site's own share leads.
bool TreeBound::cut_below(std::vector<double> amounts, const std::vector<double>& roots, std::size_t source, std::size_t sink) {
  const std::size_t num_nodes = roots.empty() ? n_ : n_ + 1;
  if (!roots.empty()) {
    std::vector<double> wider(num_nodes * num_nodes);
    for (std::size_t from = 0; from < n_; ++from) {
      for (std::size_t to = 0; to < n_; ++to) wider[from * num_nodes + to] = amounts[pair(from, to)];
      wider[from * num_nodes + n_] = roots[from];
    }
    amounts = std::move(wider);
  }
  Cut cut = least_cut(std::move(amounts), num_nodes, source, sink, 1 - kShort);
  if (cut.capacity >= 1 - kShort) return false;
  cut.near.resize(n_);
  add_cut(cut.near, !roots.empty());
  return true;
}

bool TreeBound::add_cuts() {
  std::vector<double> early, all, roots;
  for (std::size_t link = 0; link < sent_.size(); ++link) {
    early.push_back(amount(link, true));
    all.push_back(amount(link, false));
  }
  for (const int root : roots_) roots.push_back(std::max(0.0, lp_.value(root)));
  bool added = false;
  for (std::size_t site = 0; site < n_; ++site) {
    added |= cut_below(early, roots, site, n_);
    if (site == 0) continue;
    added |= cut_below(all, {}, site, 0);
    added |= cut_below(all, {}, 0, site);
  }
  return added;
}

// Each solution bounds from below, so what was found so far holds where the next one fails.
double TreeBound::solve() {
  double found = earliest_;
  for (int round = 0; round < kMostRounds && lp_.solve(); ++round) {
    found = std::max(found, lp_.value(time_));
    if (!add_cuts()) break;
  }
  return found * unit_seconds_ * (1 - kRounding);
}

}  // namespace intertie::reduce
