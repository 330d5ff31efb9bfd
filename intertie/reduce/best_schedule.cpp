// From the flows of the linear programme to a schedule of whole blocks.
#include <algorithm>
#include <cmath>

#include "intertie/reduce/flows.h"
#include "intertie/reduce/loads.h"
#include "intertie/reduce/schedule.h"
#include "intertie/reduce/shares.h"

namespace intertie::reduce {
namespace {

std::vector<SiteId> sites_of(const Map& map) {
  std::vector<SiteId> sites;
  for (std::size_t i = 0; i < map.num_sites(); ++i) sites.push_back(map.site(i).site);
  return sites;
}

std::vector<wire::Way> whole_ways(const std::vector<Portion>& portions, const Map& map) {
  if (portions.empty()) return {};
  std::vector<double> fractions;
  for (const Portion& portion : portions) fractions.push_back(portion.fraction);
  const std::vector<std::uint32_t> parts = whole_parts(fractions, wire::Way::kWhole);
  std::vector<wire::Way> ways;
  for (std::size_t i = 0; i < portions.size(); ++i) {
    wire::Way way{.relays = {}, .parts = parts[i]};
    for (const std::size_t relay : portions[i].relays) way.relays.push_back(map.site(relay).site);
    ways.push_back(std::move(way));
  }
  std::sort(ways.begin(), ways.end(), [](const wire::Way& a, const wire::Way& b) { return a.relays < b.relays; });
  return ways;
}

// What a link carries it carries at an even rate over the whole time.
void pace(wire::Schedule& schedule, const Map& map, ElementBytes element) {
  const Loads loads(schedule, map, element);
  const double transfer = loads.transfer(Limits(map));
  for (wire::Route& route : schedule.routes) {
    const double bits = loads.bits(map.index_of(route.from), map.index_of(route.to));
    if (transfer > 0 && bits > 0) route.rate = static_cast<std::uint64_t>(std::ceil(bits / transfer));
  }
}

Scheduled schedule_from(const Flows& flows, wire::Reduction reduction, const Map& map, const Work& work) {
  const bool gather = reduction == wire::Reduction::gather;
  const std::vector<SiteId> sites = sites_of(map);
  const Division division{.owners = gather ? std::vector{SiteId{0}} : sites,
                          .shares = gather ? std::vector{1.0} : flows.shares,
                          .elements = work.elements,
                          .bucket_blocks = work.bucket_blocks};
  Scheduled made{.schedule = {.number = 1,
                              .reduction = reduction,
                              .elements = work.elements,
                              .chunk_blocks = work.chunk_blocks,
                              .pieces = pieces_of(division),
                              .routes = {}},
                 .predicted = {},
                 .optimum = Duration(std::llround(flows.transfer * 1e9))};
  for (std::size_t i = 0; i < flows.ways.size(); ++i) {
    if (i / sites.size() == i % sites.size()) continue;
    made.schedule.routes.push_back(
        {.from = sites[i / sites.size()], .to = sites[i % sites.size()], .rate = 0, .ways = whole_ways(flows.ways[i], map)});
  }
  pace(made.schedule, map, work.element);
  made.predicted = predict(made.schedule, map, work.element);
  return made;
}

Result<Scheduled> schedule_by(wire::Reduction reduction, const Map& map, const Work& work) {
  const double bits = 8 * static_cast<double>(work.elements);
  const Volumes volumes{bits * work.element.contribution, bits * work.element.result};
  INTERTIE_ASSIGN(const Flows flows,
                  reduction == wire::Reduction::gather ? gather_flows(map, volumes) : owners_flows(map, volumes));
  return schedule_from(flows, reduction, map, work);
}

// By the site that is slowest at it, whatever the ways: no gather takes less.
double seconds_to_receive_all(const Map& map, const Work& work) {
  const Limits limits(map);
  const auto others = static_cast<double>(map.num_sites() - 1);
  const double bits = 8 * others * static_cast<double>(work.elements) * work.element.contribution;
  double slowest = 0;
  for (std::size_t to = 0; to < map.num_sites(); ++to) {
    double rate = 0;
    for (std::size_t from = 0; from < map.num_sites(); ++from) rate += limits.rate(from, to);
    slowest = std::max(slowest, bits / std::min(rate, limits.down[to]));
  }
  return slowest;
}

}  // namespace

Result<Scheduled> best_schedule(const Map& map, const Work& work) {
  using wire::Reduction;
  if (work.reduction) return schedule_by(*work.reduction, map, work);
  if (map.num_sites() <= 2) {
    Result<Scheduled> gather = schedule_by(Reduction::gather, map, work);
    if (gather) return gather;
  }
  Result<Scheduled> owners = schedule_by(Reduction::owners, map, work);
  // Where no rate is known, what counts is what is sent.
  if (map.num_sites() <= 2 || Limits(map).typical() == 0) return owners;
  if (owners && seconds_to_receive_all(map, work) > seconds_of(owners->predicted.time())) return owners;
  Result<Scheduled> gather = schedule_by(Reduction::gather, map, work);
  const bool gathers = gather && (!owners || gather->predicted.time() <= owners->predicted.time());
  return gathers ? gather : owners;
}

}  // namespace intertie::reduce
