#include "intertie/reduce/map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "intertie/base/check.h"

namespace intertie::reduce {
namespace {

double finite_or_infinite(BitRate rate) {
  return rate.bits_per_second > 0 ? rate.bits_per_second : std::numeric_limits<double>::infinity();
}

}  // namespace

Map Map::mesh(std::vector<Site> sites, env::LinkProfile link) {
  Map map(std::move(sites));
  for (std::size_t a = 0; a < map.num_sites(); ++a) {
    for (std::size_t b = a + 1; b < map.num_sites(); ++b) map.set_both_ways(a, b, link);
  }
  return map;
}

std::size_t Map::index_of(SiteId site) const {
  const auto found = std::find_if(sites_.begin(), sites_.end(), [site](const Site& each) { return each.site == site; });
  INTERTIE_CHECK(found != sites_.end());
  return static_cast<std::size_t>(found - sites_.begin());
}

Limits::Limits(const Map& map) : num_sites(map.num_sites()), rates(num_sites * num_sites), delays(num_sites * num_sites) {
  for (std::size_t a = 0; a < num_sites; ++a) {
    up.push_back(finite_or_infinite(map.site(a).up));
    down.push_back(finite_or_infinite(map.site(a).down));
    for (std::size_t b = 0; b < num_sites; ++b) {
      const auto& link = map.link(a, b);
      if (a == b || !link) continue;
      rates[a * num_sites + b] = finite_or_infinite(link->rate);
      delays[a * num_sites + b] = seconds_of(link->delay);
    }
  }
}

double Limits::typical() const {
  double sum = 0;
  int count = 0;
  for (const auto* list : {&up, &down, &rates}) {
    for (const double rate : *list) {
      if (!std::isfinite(rate) || rate <= 0) continue;
      sum += std::log(rate);
      ++count;
    }
  }
  return count > 0 ? std::exp(sum / count) : 0;
}

}  // namespace intertie::reduce
