// Properties of schedules and their bound, over maps drawn by seeds.
#include <gtest/gtest.h>

#include <cmath>

#include "intertie/reduce/linear_programme.h"
#include "intertie/reduce/maps_fixture.h"

namespace intertie::reduce {
namespace {

constexpr unsigned kMaps = 100;
constexpr std::uint64_t kSmall = 1 << 21;

TEST(BestScheduleOfAnyMap, TheSameMapGivesTheSameBytes) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const Map map = drawn_map(seed);
    EXPECT_EQ(scheduled(map, {.elements = kSmall}).schedule, scheduled(map, {.elements = kSmall}).schedule);
  }
}

TEST(BestScheduleOfAnyMap, IsNeverBelowTheBound) {
  for (unsigned seed = 0; seed < 10 * kMaps; ++seed) {
    const Map map = drawn_map(seed);
    const ElementBytes element = std::vector<ElementBytes>{{4, 4}, {2, 4}, {4, 2}, {0.5, 1}}[seed % 4];
    for (const std::uint64_t elements : {kSmall, std::uint64_t{3000}}) {
      const Work work{.elements = elements, .element = element};
      const Scheduled best = scheduled(map, work);
      const Bound bound = lower_bound(map, work);
      EXPECT_LE(bound.time(), best.predicted.time()) << "map " << seed << " of " << map.num_sites() << " sites";
      EXPECT_GT(bound.time(), Duration(0));
    }
  }
}

// Every site alone, equal shares among all, and among the half with the most rate: directly, where there are links.
TEST(BestScheduleOfAnyMap, IsNoSlowerThanWhatOneMightTry) {
  for (unsigned seed = 0; seed < kMaps; ++seed) {
    const Map map = drawn_map(seed);
    const Scheduled best = scheduled(map, {.elements = kSmall, .reduction = wire::Reduction::owners});
    std::vector<std::vector<SiteId>> tried(1);
    for (std::size_t i = 0; i < map.num_sites(); ++i) {
      tried.front().push_back(map.site(i).site);
      tried.push_back({map.site(i).site});
    }
    for (const std::vector<SiteId>& owners : tried) {
      const Cost cost = predict(make_schedule({wire::Reduction::owners, owners, kSmall, 0}), map, {});
      EXPECT_LE(seconds_of(best.optimum), seconds_of(cost.transfer) * (1 + 1e-6)) << "map " << seed;
    }
  }
}

// Every way of every pair at once, as docs/schedule.md writes it down.
double least_transfer_over_all_ways(const Map& map, double bits) {
  using Entries = std::vector<LinearProgramme::Entry>;
  const Limits limits(map);
  const std::size_t n = limits.num_sites;
  LinearProgramme lp;
  const int whole = lp.add_row({1, 1});
  std::vector<int> demands, links, ups, downs;
  Entries time;
  const auto limited = [&](double rate) {
    const int row = lp.add_row({.upper = 0});
    if (std::isfinite(rate)) time.push_back({row, -rate / 1e6});
    return std::isfinite(rate) ? row : -1;
  };
  for (std::size_t i = 0; i < n * n; ++i) demands.push_back(lp.add_row({0, 0}));
  for (const double rate : limits.rates) links.push_back(limited(rate));
  for (const double rate : limits.up) ups.push_back(limited(rate));
  for (const double rate : limits.down) downs.push_back(limited(rate));
  const int least = lp.add_column({.cost = 1}, time);
  for (std::size_t owner = 0; owner < n; ++owner) {
    Entries share{{whole, 1}};
    for (std::size_t other = 0; other < n; ++other) {
      if (other == owner) continue;
      share.push_back({demands[other * n + owner], -bits / 1e6});
      share.push_back({demands[owner * n + other], -bits / 1e6});
    }
    lp.add_column({}, share);
  }
  const auto add_way = [&](const std::vector<std::size_t>& stops) {
    Entries way{{demands[stops.front() * n + stops.back()], 1}};
    for (std::size_t i = 0; i + 1 < stops.size(); ++i) {
      if (!limits.linked(stops[i], stops[i + 1])) return;
      for (const int row : {links[stops[i] * n + stops[i + 1]], ups[stops[i]], downs[stops[i + 1]]}) {
        if (row >= 0) way.push_back({row, 1});
      }
    }
    lp.add_column({}, way);
  };
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (a == b) continue;
      add_way({a, b});
      for (std::size_t first = 0; first < n; ++first) {
        if (first == a || first == b) continue;
        add_way({a, first, b});
        for (std::size_t second = 0; second < n; ++second) {
          if (second != a && second != b && second != first) add_way({a, first, second, b});
        }
      }
    }
  }
  EXPECT_TRUE(lp.solve());
  return lp.value(least);
}

TEST(BestScheduleOfAnyMap, IsTheBestOverAllWaysThoughItLooksAtFew) {
  for (unsigned seed = 0; seed < kMaps; ++seed) {
    const Map map = seed < 20 ? drawn_pairs(5, seed) : drawn_map(seed);
    const double least = least_transfer_over_all_ways(map, 32.0 * kSmall);
    const Scheduled best = scheduled(map, {.elements = kSmall, .reduction = wire::Reduction::owners});
    EXPECT_NEAR(seconds_of(best.optimum), least, 1e-6 * least + 2e-9) << "map " << seed;
  }
}

TEST(BestScheduleOfAnyMap, TwiceTheRatesTakeHalfTheTimeAndMoreRateNeverHurts) {
  for (unsigned seed = 0; seed < kMaps; ++seed) {
    const Map map = drawn_map(seed);
    Map twice = map;
    Map more = map;
    env::Random random(seed);
    for (std::size_t a = 0; a < map.num_sites(); ++a) {
      for (Map* changed : {&twice, &more}) {
        const double factor = changed == &twice ? 2 : 1 + static_cast<double>(random.below(3));
        changed->site(a).up.bits_per_second *= factor;
        changed->site(a).down.bits_per_second *= factor;
        for (std::size_t b = 0; b < map.num_sites(); ++b) {
          auto link = map.link(a, b);
          if (link) link->rate.bits_per_second *= factor;
          changed->set_link(a, b, link);
        }
      }
    }
    const Work work{.elements = kSmall, .reduction = wire::Reduction::owners};
    const double once = seconds_of(scheduled(map, work).optimum);
    EXPECT_NEAR(seconds_of(scheduled(twice, work).optimum), once / 2, 1e-6 * once + 2e-9) << "map " << seed;
    EXPECT_LE(seconds_of(scheduled(more, work).optimum), once * (1 + 1e-6) + 1e-9) << "map " << seed;
  }
}

TEST(BestScheduleOfAnyMap, OtherNamesOfTheSitesGiveTheSameTimes) {
  for (unsigned seed = 0; seed < kMaps; ++seed) {
    const Map map = drawn_map(seed);
    const std::size_t n = map.num_sites();
    std::vector<Map::Site> sites;
    for (std::size_t i = 0; i < n; ++i) {
      sites.push_back(map.site(n - 1 - i));
      sites.back().site = SiteId{static_cast<std::uint16_t>(3 * i + 1)};
    }
    Map renamed(sites);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) renamed.set_link(a, b, map.link(n - 1 - a, n - 1 - b));
    }
    const Work work{.elements = kSmall, .reduction = wire::Reduction::owners};
    const double once = seconds_of(scheduled(map, work).optimum);
    EXPECT_NEAR(seconds_of(scheduled(renamed, work).optimum), once, 1e-6 * once + 2e-9) << "map " << seed;
    const double bound = seconds_of(lower_bound(map, work).time());
    EXPECT_NEAR(seconds_of(lower_bound(renamed, work).time()), bound, 1e-5 * bound) << "map " << seed;
  }
}

TEST(BestScheduleOfAnyMap, NoLinkIsPacedAboveItsRate) {
  for (unsigned seed = 0; seed < kMaps; ++seed) {
    const Map map = drawn_map(seed);
    const Scheduled best = scheduled(map, {.elements = kSmall});
    for (std::size_t from = 0; from < map.num_sites(); ++from) {
      double sent = 0;
      for (const wire::Route& route : best.schedule.routes) {
        if (route.from != map.site(from).site) continue;
        sent += static_cast<double>(route.rate);
        const auto& link = map.link(from, map.index_of(route.to));
        const double rate = !link ? 0 : link->rate.bits_per_second > 0 ? link->rate.bits_per_second : 1e18;
        EXPECT_LE(static_cast<double>(route.rate), rate * (1 + 1e-6) + 1);
      }
      const double up = map.site(from).up.bits_per_second;
      EXPECT_LE(sent, (up > 0 ? up * (1 + 1e-6) : 1e18) + static_cast<double>(map.num_sites()));
    }
  }
}

}  // namespace
}  // namespace intertie::reduce
