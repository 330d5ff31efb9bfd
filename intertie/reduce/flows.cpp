#include "intertie/reduce/flows.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/reduce/flow_programme.h"

namespace intertie::reduce {
namespace {

Error unfit_map(std::string what, std::string fix) {
  return {.code = ErrorCode::reconfigure, .where = "schedule", .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

// Links from each site to each other over all relays.
std::vector<std::size_t> fewest_links(const Limits& limits) {
  const std::size_t n = limits.num_sites;
  std::vector<std::size_t> links(n * n, n);  // n: cannot be reached
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) links[a * n + b] = a == b ? 0 : limits.linked(a, b) ? 1 : n;
  }
  for (std::size_t over = 0; over < n; ++over) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        links[a * n + b] = std::min(links[a * n + b], links[a * n + over] + links[over * n + b]);
      }
    }
  }
  return links;
}

// Names the two sites that are furthest apart.
Error too_far_apart(const Map& map, const Limits& limits) {
  const std::vector<std::size_t> links = fewest_links(limits);
  const auto furthest = std::max_element(links.begin(), links.end());
  const auto at = static_cast<std::size_t>(furthest - links.begin());
  const std::string& from = map.site(at / map.num_sites()).name;
  const std::string& to = map.site(at % map.num_sites()).name;
  if (*furthest >= map.num_sites()) {
    return unfit_map(fmt::format("there is no way from {} to {}, not over any other site", from, to),
                     "add a link between them");
  }
  return unfit_map(
      fmt::format("no schedule joins all sites over at most two relays; the way from {} to {} has {}", from, to, *furthest - 1),
      "add a link that makes it shorter");
}

// Of the fragment, by what each site may hold: its own contribution, two results, and the others' of its share.
Result<std::vector<double>> largest_shares(const Map& map, const Volumes& volumes) {
  std::vector<double> most;
  double sum = 0;
  const double others = static_cast<double>(map.num_sites()) - 1;
  for (std::size_t i = 0; i < map.num_sites(); ++i) {
    const double memory = static_cast<double>(map.site(i).memory.value) * 8;
    const double rest = memory - volumes.contribution - 2 * volumes.result;
    if (memory > 0 && rest < 0) {
      return unfit_map(
          fmt::format("{} has {} for merges, and needs {} for its contribution and two results", map.site(i).name,
                      to_string(map.site(i).memory), to_string(Bytes{static_cast<std::uint64_t>((memory - rest) / 8)})),
          "give it more, or divide the model into more fragments");
    }
    const double all = others * volumes.contribution;
    most.push_back(memory > 0 && all > 0 ? std::min(1.0, rest / all) : 1.0);
    sum += most.back();
  }
  if (sum < 1) {
    return unfit_map(fmt::format("the sites' memory for merges holds no more than {:.1f} % of what owners keep", 100 * sum),
                     "give them more, or divide the model into more fragments");
  }
  return most;
}

}  // namespace

Result<Flows> owners_flows(const Map& map, const Volumes& volumes) {
  INTERTIE_ASSIGN(const std::vector<double> most, largest_shares(map, volumes));
  const Limits limits(map);
  std::optional<Flows> flows = FlowProgramme(limits, volumes, most).solve();
  if (!flows) return too_far_apart(map, limits);
  return std::move(*flows);
}

Result<Flows> gather_flows(const Map& map, const Volumes& volumes) {
  const Limits limits(map);
  for (std::size_t i = 0; i < map.num_sites(); ++i) {
    const double memory = static_cast<double>(map.site(i).memory.value) * 8;
    if (memory > 0 && memory < static_cast<double>(map.num_sites()) * volumes.contribution) {
      return unfit_map(fmt::format("{} has {} for merges, too little for the contributions of {} sites", map.site(i).name,
                                   to_string(map.site(i).memory), map.num_sites()),
                       "give it more, or let owners sum");
    }
  }
  std::optional<Flows> flows = FlowProgramme(limits, volumes, {}).solve();
  if (!flows) return too_far_apart(map, limits);
  return std::move(*flows);
}

}  // namespace intertie::reduce
