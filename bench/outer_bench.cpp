// The element-wise optimisers beside a bare loop over the same streams of memory: GB/s, ceiling GB/s, share of it.
#include "bench/memory_ceiling.h"
#include "intertie/outer/optimiser.h"

namespace intertie::bench {
namespace {

constexpr std::size_t kBytes = kElements * sizeof(float);

void sgd_step(benchmark::State& state) {
  Values anchor(kElements, 1);
  const Values gradient(kElements, 1e-3F);
  beside_ceiling(state, CeilingLoop<1, 1>(), 3 * kBytes, [&] { outer::sgd_step(anchor, gradient, 0.7F); });
}
INTERTIE_BENCH(sgd_step);

void nesterov_step(benchmark::State& state) {
  Values anchor(kElements, 1), momentum(kElements);
  const Values gradient(kElements, 1e-3F);
  beside_ceiling(state, CeilingLoop<1, 2>(), 5 * kBytes, [&] { outer::nesterov_step(anchor, momentum, gradient, 0.7F, 0.9F); });
}
INTERTIE_BENCH(nesterov_step);

void adamw_step(benchmark::State& state) {
  Values p(kElements, 1), m(kElements), v(kElements);
  const Values gradient(kElements, 1e-3F);
  const outer::AdamW settings = outer::adamw_at({.lr = 1e-3, .weight_decay = 0.1}, 10);
  beside_ceiling(state, CeilingLoop<1, 3>(), 7 * kBytes, [&] { outer::adamw_step(p, m, v, gradient, settings); });
}
INTERTIE_BENCH(adamw_step);

}  // namespace
}  // namespace intertie::bench

BENCHMARK_MAIN();
