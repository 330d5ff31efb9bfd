#include "intertie/reduce/measured_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace intertie::reduce {
namespace {

constexpr std::size_t kSecond = 10;  // stretches
constexpr double kNearAccess = 0.9;  // of the access rate: two measurements of one line differ by less
constexpr double kAlike = 1.05;      // times: rates that are taken for the same, measured twice

// Of one direction of a site's access.
struct Seen {
  double most_alone = 0;
  std::vector<double> together;  // by stretches
  void note(const wire::ProbedLink& link) {
    most_alone = std::max(most_alone, link.alone);
    together.resize(std::max(together.size(), link.together.size()));
    for (std::size_t i = 0; i < link.together.size(); ++i) together[i] += link.together[i];
  }
  double access() const {
    double best = most_alone, sum = 0;
    for (std::size_t i = 0; i < together.size(); ++i) {
      sum += together[i] - (i < kSecond ? 0 : together[i - kSecond]);
      if (i + 1 >= kSecond) best = std::max(best, sum / kSecond);
    }
    return best;
  }
};

// Groups rates that are alike, from the smallest on, and gives each the mean of its group: parts that differ by what is only
// noise would make one line wait for another.
void level(std::vector<BitRate*> rates) {
  const auto less = [](const BitRate* a, const BitRate* b) { return a->bits_per_second < b->bits_per_second; };
  std::stable_sort(rates.begin(), rates.end(), less);
  for (auto first = rates.begin(); first != rates.end();) {
    const double most = kAlike * (*first)->bits_per_second;
    const auto end = std::find_if(first, rates.end(), [most](const BitRate* rate) { return rate->bits_per_second > most; });
    double sum = 0;
    std::for_each(first, end, [&sum](const BitRate* rate) { sum += rate->bits_per_second; });
    const double mean = sum / static_cast<double>(end - first);
    std::for_each(first, end, [mean](BitRate* rate) { rate->bits_per_second = mean; });
    first = end;
  }
}

}  // namespace

Result<void> check_report(const wire::ProbeReport& report, SiteId from, std::size_t num_sites) {
  constexpr double kMostRate = 1e15;                        // bit/s: a thousand of the fastest fibres
  constexpr std::uint64_t kMostRoundTrip = 60'000'000'000;  // ns
  constexpr std::size_t kMostStretches = 1000;
  const auto can_be = [](double rate) { return rate >= 0 && rate <= kMostRate; };  // not for a NaN
  std::set<SiteId> named;
  for (const wire::ProbedLink& link : report.links) {
    const bool other = link.to != from && link.to.value < num_sites && named.insert(link.to).second;
    const bool rates = can_be(link.alone) && std::all_of(link.together.begin(), link.together.end(), can_be);
    if (other && rates && link.together.size() <= kMostStretches && link.round_trip <= kMostRoundTrip) continue;
    return Error{.code = ErrorCode::give_up,
                 .where = fmt::format("probe, report of site {}", from.value),
                 .what = fmt::format("what it says of site {} cannot be", link.to.value),
                 .fix = "compare `intertie version` at all sites",
                 .cause = {}};
  }
  return {};
}

Map measured_map(const std::vector<std::string>& names, const std::vector<wire::ProbeReport>& reports) {
  std::vector<Seen> up(names.size()), down(names.size());
  for (std::size_t from = 0; from < reports.size(); ++from) {
    for (const wire::ProbedLink& link : reports[from].links) {
      up[from].note(link);
      down[link.to.value].note(link);
    }
  }
  std::vector<Map::Site> sites;
  for (std::uint16_t i = 0; i < names.size(); ++i) {
    sites.push_back({.site = SiteId{i}, .name = names[i], .up = {up[i].access()}, .down = {down[i].access()}});
  }
  std::vector<BitRate*> rates;
  for (Map::Site& site : sites) rates.insert(rates.end(), {&site.up, &site.down});
  level(std::move(rates));
  Map map(std::move(sites));
  for (std::size_t from = 0; from < reports.size(); ++from) {
    for (const wire::ProbedLink& link : reports[from].links) {
      const std::size_t to = link.to.value;
      if (link.alone <= 0) continue;
      const bool limited = link.alone < kNearAccess * std::min(up[from].access(), down[to].access());
      map.set_link(
          from, to,
          env::LinkProfile{BitRate{limited ? link.alone : 0}, Duration(static_cast<Duration::rep>(link.round_trip / 2))});
    }
  }
  return map;
}

}  // namespace intertie::reduce
