// Maps for tests: meshes of given sites, and maps drawn by a seed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "intertie/env/random.h"
#include "intertie/reduce/bound.h"
#include "intertie/reduce/schedule.h"

namespace intertie::reduce {

inline constexpr Duration kHalfRoundTrip = std::chrono::milliseconds(15);

inline std::vector<Map::Site> sites_with_access(std::size_t count, double rate) {
  std::vector<Map::Site> sites;
  for (std::size_t i = 0; i < count; ++i) {
    sites.push_back(
        {.site = SiteId{static_cast<std::uint16_t>(i)}, .name = "s" + std::to_string(i), .up = {rate}, .down = {rate}});
  }
  return sites;
}

inline Map mesh_of(const std::vector<SiteId>& members) {
  std::vector<Map::Site> sites;
  for (const SiteId member : members) sites.push_back({.site = member});
  return Map::mesh(std::move(sites), {});
}

// Every pair by one rate both ways, drawn between 10 and 100 Mbit/s; no access limits.
inline Map drawn_pairs(std::size_t count, unsigned seed) {
  env::Random random(seed);
  Map map(sites_with_access(count, 0));
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      const double rate = 10e6 + 90e6 * random.uniform();
      map.set_both_ways(a, b, env::LinkProfile{{rate}, kHalfRoundTrip});
    }
  }
  return map;
}

// Anything: access or pair limits or both or none, other rates and delays each way, links that are missing. Site 0 is linked to
// all, so that there is always a way.
inline Map drawn_map(unsigned seed, std::size_t most_sites = 7) {
  env::Random random(seed);
  const auto one_of = [&random](unsigned count) { return random.below(count) == 0; };
  const auto rate = [&random] { return BitRate{1e6 * static_cast<double>(1 + random.below(1000))}; };
  const std::size_t count = 2 + random.below(most_sites - 1);
  Map map(sites_with_access(count, 0));
  const bool access = one_of(2);
  const bool pairs = !access || one_of(2);
  for (std::size_t a = 0; a < count; ++a) {
    if (access && !one_of(5)) map.site(a).up = rate();
    if (access && !one_of(5)) map.site(a).down = rate();
    for (std::size_t b = 0; b < count; ++b) {
      if (a == b || (a != 0 && b != 0 && one_of(4))) continue;
      const bool limited = pairs && !one_of(6);
      map.set_link(a, b, env::LinkProfile{limited ? rate() : BitRate{}, std::chrono::microseconds(random.below(80'000))});
    }
  }
  return map;
}

// Valid, and without errors.
inline Scheduled scheduled(const Map& map, const Work& work) {
  Result<Scheduled> made = best_schedule(map, work);
  EXPECT_TRUE(made) << made.error().message();
  std::vector<SiteId> members;
  for (std::size_t i = 0; i < map.num_sites(); ++i) members.push_back(map.site(i).site);
  const Result<void> valid = validate(made->schedule, members, work.elements);
  EXPECT_TRUE(valid) << valid.error().message();
  return std::move(*made);
}

}  // namespace intertie::reduce
