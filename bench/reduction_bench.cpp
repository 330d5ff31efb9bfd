// The fixed-order reduction beside a bare loop over the same memory: GB/s, ceiling GB/s, share of it.
#include "bench/memory_ceiling.h"
#include "intertie/base/reduction.h"

namespace intertie::bench {
namespace {

constexpr std::size_t kBytes = kElements * sizeof(float);

void sum_of_squares(benchmark::State& state) {
  const Values a(kElements, 1.5F);
  beside_ceiling(state, CeilingLoop<1, 0>(), kBytes, [&] { benchmark::DoNotOptimize(intertie::sum_of_squares(a)); });
}
INTERTIE_BENCH(sum_of_squares);

void dot_product(benchmark::State& state) {
  const Values a(kElements, 1.5F), b(kElements, 2.5F);
  beside_ceiling(state, CeilingLoop<2, 0>(), 2 * kBytes, [&] { benchmark::DoNotOptimize(intertie::dot_product(a, b)); });
}
INTERTIE_BENCH(dot_product);

void all_finite(benchmark::State& state) {
  const Values a(kElements, 1.5F);
  beside_ceiling(state, CeilingLoop<1, 0>(), kBytes, [&] { benchmark::DoNotOptimize(intertie::all_finite(a)); });
}
INTERTIE_BENCH(all_finite);

}  // namespace
}  // namespace intertie::bench

BENCHMARK_MAIN();
