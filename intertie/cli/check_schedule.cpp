#include "intertie/cli/check_schedule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace intertie::cli {
namespace {

using Names = std::vector<std::string>;

// Of all blocks, by site.
std::vector<double> shares_of_owners(const wire::Schedule& schedule, std::size_t num_sites) {
  std::vector<double> shares(num_sites);
  for (const wire::Piece& piece : schedule.pieces) shares[piece.owner.value] += piece.blocks.size();
  for (double& share : shares) share /= blocks_of(schedule.elements);
  return shares;
}

std::string name_of_way(const wire::Way& way, const Names& sites) {
  Names relays;
  for (const SiteId relay : way.relays) relays.push_back(sites[relay.value]);
  return relays.empty() ? "direct" : fmt::format("over {}", fmt::join(relays, " and "));
}

std::string words_of_route(const wire::Route& route, const Names& sites) {
  Names ways;
  for (const wire::Way& way : route.ways) {
    const double percent = 100.0 * way.parts / wire::Way::kWhole;
    ways.push_back(route.ways.size() == 1 ? name_of_way(way, sites)
                                          : fmt::format("{:.1f} % {}", percent, name_of_way(way, sites)));
  }
  const std::string rate =
      route.rate > 0 ? fmt::format(" ({} on this link)", to_string(BitRate{static_cast<double>(route.rate)})) : "";
  return fmt::format("{} to {}: {}{}", sites[route.from.value], sites[route.to.value], fmt::join(ways, ", "), rate);
}

double ratio_to_bound(const site::ScheduleForecast& forecast) {
  return seconds_of(forecast.best.predicted.time()) / seconds_of(forecast.bound.time());
}

Json way_json(const wire::Way& way, const Names& sites) {
  Json relays = Json::array();
  for (const SiteId relay : way.relays) relays.push(sites[relay.value]);
  return Json::object({{"relays", relays}, {"part", static_cast<double>(way.parts) / wire::Way::kWhole}});
}

}  // namespace

ScheduleRows schedule_rows(const site::ScheduleForecast& forecast, const Names& sites) {
  const wire::Schedule& schedule = forecast.best.schedule;
  const bool gather = schedule.reduction == wire::Reduction::gather;
  Names owners;
  const std::vector<double> shares = shares_of_owners(schedule, sites.size());
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (shares[i] > 0) owners.push_back(fmt::format("{} {:.1f} %", sites[i], 100 * shares[i]));
  }
  ScheduleRows rows{{"schedule", gather ? "gather: every site sums all" : fmt::format("owners: {}", fmt::join(owners, ", "))}};
  for (const wire::Route& route : schedule.routes) {
    if (!route.ways.empty()) rows.emplace_back("route", words_of_route(route, sites));
  }
  rows.emplace_back("predicted", fmt::format("{}; in equal shares, all direct, as runs merge now: {}",
                                             to_string(forecast.best.predicted.time()), to_string(forecast.equal_shares)));
  rows.emplace_back("bound", fmt::format("{} whatever the schedule (trees {}, partition {}): {:.3f} times that",
                                         to_string(forecast.bound.time()), to_string(forecast.bound.trees),
                                         to_string(forecast.bound.partition), ratio_to_bound(forecast)));
  return rows;
}

Json schedule_json(const site::ScheduleForecast& forecast, const Names& sites) {
  const wire::Schedule& schedule = forecast.best.schedule;
  const bool gather = schedule.reduction == wire::Reduction::gather;
  Json owners = Json::array();
  const std::vector<double> shares = shares_of_owners(schedule, sites.size());
  for (std::size_t i = 0; !gather && i < sites.size(); ++i) {
    owners.push(Json::object({{"site", sites[i]}, {"share", shares[i]}}));
  }
  Json routes = Json::array();
  for (const wire::Route& route : schedule.routes) {
    Json ways = Json::array();
    for (const wire::Way& way : route.ways) ways.push(way_json(way, sites));
    routes.push(Json::object(
        {{"from", sites[route.from.value]}, {"to", sites[route.to.value]}, {"bits_per_second", route.rate}, {"ways", ways}}));
  }
  return Json::object({{"reduction", gather ? "gather" : "owners"},
                       {"owners", owners},
                       {"routes", routes},
                       {"predicted_seconds", seconds_of(forecast.best.predicted.time())},
                       {"equal_shares_seconds", seconds_of(forecast.equal_shares)},
                       {"bound_trees_seconds", seconds_of(forecast.bound.trees)},
                       {"bound_partition_seconds", seconds_of(forecast.bound.partition)},
                       {"times_the_bound", ratio_to_bound(forecast)}});
}

}  // namespace intertie::cli
