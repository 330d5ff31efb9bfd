#include "intertie/reduce/measured_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace intertie::reduce {
namespace {

constexpr double kNearAccess = 0.9;  // of the access rate: two measurements of one line differ by less

struct Seen {
  double most_alone = 0, together = 0;
  double access() const { return std::max(most_alone, together); }
};

}  // namespace

Result<void> check_report(const wire::ProbeReport& report, SiteId to, std::size_t num_sites) {
  constexpr double kMostRate = 1e15;                                               // bit/s: a thousand of the fastest fibres
  constexpr std::uint64_t kMostRoundTrip = 60'000'000'000;                         // ns
  const auto can_be = [](double rate) { return rate >= 0 && rate <= kMostRate; };  // not for a NaN
  std::set<SiteId> named;
  for (const wire::ProbedLink& link : report.links) {
    const bool other = link.from != to && link.from.value < num_sites && named.insert(link.from).second;
    if (other && can_be(link.together) && can_be(link.alone) && link.round_trip <= kMostRoundTrip) continue;
    return Error{.code = ErrorCode::give_up,
                 .where = fmt::format("probe, report of site {}", to.value),
                 .what = fmt::format("what it says of site {} cannot be", link.from.value),
                 .fix = "compare `intertie version` at all sites",
                 .cause = {}};
  }
  return {};
}

Map measured_map(const std::vector<std::string>& names, const std::vector<wire::ProbeReport>& reports) {
  std::vector<Seen> up(names.size()), down(names.size());
  const auto note = [](Seen& seen, const wire::ProbedLink& link) {
    seen.most_alone = std::max(seen.most_alone, link.alone);
    seen.together += link.together;
  };
  for (std::size_t to = 0; to < reports.size(); ++to) {
    for (const wire::ProbedLink& link : reports[to].links) {
      note(up[link.from.value], link);
      note(down[to], link);
    }
  }
  std::vector<Map::Site> sites;
  for (std::uint16_t i = 0; i < names.size(); ++i) {
    sites.push_back({.site = SiteId{i}, .name = names[i], .up = {up[i].access()}, .down = {down[i].access()}});
  }
  Map map(std::move(sites));
  for (std::size_t to = 0; to < reports.size(); ++to) {
    for (const wire::ProbedLink& link : reports[to].links) {
      const std::size_t from = link.from.value;
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
