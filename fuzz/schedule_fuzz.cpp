// Any bytes as a schedule from the wire, among members 0 to 3; what is valid must be cut, ordered and predicted without harm.
#include <cstdlib>

#include "intertie/reduce/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  wire::Schedule schedule;
  wire::Reader reader({reinterpret_cast<const std::byte*>(data), size});
  reader(schedule);
  constexpr std::uint64_t kMostElements = 1 << 24;
  if (!reader.finished() || schedule.elements > kMostElements) return 0;
  const std::vector<SiteId> members = {SiteId{0}, SiteId{1}, SiteId{2}, SiteId{3}};
  if (!reduce::validate(schedule, members, schedule.elements)) return 0;
  std::vector<reduce::Map::Site> sites;
  for (const SiteId member : members) sites.push_back({.site = member});
  const reduce::Map map = reduce::Map::mesh(sites, {{1e9}, std::chrono::milliseconds(10)});
  const reduce::Cost cost = reduce::predict(schedule, map, {});
  if (cost.transfer < Duration(0)) std::abort();
  for (const wire::Route& route : schedule.routes) {
    if (reduce::find_route(schedule, route.from, route.to) != &route) std::abort();
  }
  const std::vector<reduce::ChunkSlot> slots = reduce::chunks_of(schedule);
  if (reduce::sending_order(slots, SiteId{1}, 4).size() != slots.size()) std::abort();
  return 0;
}
