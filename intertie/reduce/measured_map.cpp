#include "intertie/reduce/measured_map.h"

#include <algorithm>

namespace intertie::reduce {
namespace {

constexpr double kNearAccess = 0.9;  // of the access rate: two measurements of one line differ by less

struct Seen {
  double most_alone = 0, together = 0;
  double access() const { return std::max(most_alone, together); }
};

}  // namespace

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
