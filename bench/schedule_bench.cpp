// What it costs to find a schedule and its lower bound, by number of sites: one access rate for all, and pairs whose rates are
// drawn (the linear programme's hard case). Beside each the ceiling: the same sites' schedule in equal shares, which nothing is
// solved for, with its prediction.
#include <benchmark/benchmark.h>

#include <chrono>
#include <random>

#include "intertie/reduce/bound.h"
#include "intertie/reduce/schedule.h"

namespace intertie::bench {
namespace {

using reduce::Map;

constexpr reduce::Work kWork{.elements = 1 << 24};
constexpr Duration kDelay = std::chrono::milliseconds(15);

std::vector<Map::Site> sites(std::size_t count, double rate) {
  std::vector<Map::Site> sites;
  for (std::size_t i = 0; i < count; ++i) {
    sites.push_back({.site = SiteId{static_cast<std::uint16_t>(i)}, .name = std::to_string(i), .up = {rate}, .down = {rate}});
  }
  return sites;
}

Map equal_access(std::size_t count) { return Map::mesh(sites(count, 1e9), {{}, kDelay}); }

Map drawn_pairs(std::size_t count) {
  std::mt19937 random(1);
  Map map(sites(count, 0));
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      map.set_both_ways(a, b, env::LinkProfile{{10e6 + 90e6 * static_cast<double>(random()) / 4294967296.0}, kDelay});
    }
  }
  return map;
}

double seconds_for_equal_shares(const Map& map) {
  std::vector<SiteId> members;
  for (std::size_t i = 0; i < map.num_sites(); ++i) members.push_back(map.site(i).site);
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kTimes = 10;
  for (int i = 0; i < kTimes; ++i) {
    const wire::Schedule equal =
        reduce::make_schedule({.reduction = wire::Reduction::owners, .members = members, .elements = kWork.elements});
    benchmark::DoNotOptimize(reduce::predict(equal, map, {}));
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / kTimes;
}

template <class Solve>
void measure(benchmark::State& state, const Map& map, const Solve& solve) {
  for (auto _ : state) benchmark::DoNotOptimize(solve(map));
  state.counters["ceiling_s"] = seconds_for_equal_shares(map);
}

const auto kSchedule = [](const Map& map) { return reduce::best_schedule(map, kWork); };
const auto kBound = [](const Map& map) { return reduce::lower_bound(map, kWork); };

void schedule_equal_access(benchmark::State& state) {
  measure(state, equal_access(static_cast<std::size_t>(state.range(0))), kSchedule);
}
void schedule_drawn_pairs(benchmark::State& state) {
  measure(state, drawn_pairs(static_cast<std::size_t>(state.range(0))), kSchedule);
}
void bound_equal_access(benchmark::State& state) {
  measure(state, equal_access(static_cast<std::size_t>(state.range(0))), kBound);
}
void bound_drawn_pairs(benchmark::State& state) {
  measure(state, drawn_pairs(static_cast<std::size_t>(state.range(0))), kBound);
}

void site_counts(benchmark::internal::Benchmark* each) {
  for (const int count : {3, 5, 8, 16, 32}) each->Arg(count);
  each->Unit(benchmark::kMillisecond)->MinTime(0.05);
}
BENCHMARK(schedule_equal_access)->Apply(site_counts);
BENCHMARK(schedule_drawn_pairs)->Apply(site_counts);
BENCHMARK(bound_equal_access)->Apply(site_counts);
BENCHMARK(bound_drawn_pairs)->Apply(site_counts);

}  // namespace
}  // namespace intertie::bench

BENCHMARK_MAIN();
