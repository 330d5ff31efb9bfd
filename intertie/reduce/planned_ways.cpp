#include "intertie/reduce/planned_ways.h"

#include <algorithm>
#include <map>

namespace intertie::reduce {
namespace {

std::map<SiteId, double> elements_by_owner(const wire::Schedule& schedule) {
  std::map<SiteId, double> owned;
  for (const wire::Piece& piece : schedule.pieces) {
    owned[piece.owner] += static_cast<double>(elements_of(piece.blocks, schedule.elements).size());
  }
  return owned;
}

// A link's pace is what it carries over the merge's time, so all of them together give the time.
double seconds_of_a_merge(const wire::Schedule& schedule, const std::vector<links::PlannedWay>& bits) {
  double carried = 0;
  double paces = 0;
  for (const links::PlannedWay& way : bits) {
    carried += way.rate.bits_per_second * static_cast<double>(1 + way.relays.size());
  }
  for (const wire::Route& route : schedule.routes) paces += static_cast<double>(route.rate);
  return paces > 0 ? carried / paces : 0;
}

}  // namespace

std::vector<links::PlannedWay> planned_ways(const wire::Schedule& schedule, ElementBytes element) {
  const bool gather = schedule.reduction == wire::Reduction::gather;
  std::map<SiteId, double> owned = elements_by_owner(schedule);
  std::vector<links::PlannedWay> ways;
  for (const wire::Route& route : schedule.routes) {
    const double summed_there = gather ? static_cast<double>(schedule.elements) : owned[route.to];
    const double summed_here = gather ? 0 : owned[route.from];
    const double bits = 8 * (summed_there * element.contribution + summed_here * element.result);
    for (const wire::Way& way : route.ways) {
      ways.push_back(
          {.from = route.from, .to = route.to, .relays = way.relays, .rate = {bits * way.parts / wire::Way::kWhole}});
    }
  }
  const double seconds = seconds_of_a_merge(schedule, ways);
  if (seconds <= 0) return {};
  for (links::PlannedWay& way : ways) way.rate.bits_per_second /= seconds;
  std::erase_if(ways, [](const links::PlannedWay& way) { return way.rate.bits_per_second <= 0; });
  return ways;
}

}  // namespace intertie::reduce
