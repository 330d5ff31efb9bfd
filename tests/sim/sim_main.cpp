// sim: runs seeds of the simulator. `sim --seed 17` replays one; `--seeds 100` runs that many from there on; every tenth seed
// runs twice and must match event for event.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "tests/sim/workload.h"

namespace {

bool run_one(std::uint64_t seed, bool twice, intertie::tests::SeedReport& total) {
  const intertie::tests::SeedReport report = intertie::tests::run_seed(seed);
  total.merges += report.merges;
  total.faults += report.faults;
  std::string problem = report.problem;
  if (problem.empty() && twice && intertie::tests::run_seed(seed).trace != report.trace) problem = "two runs differ";
  if (problem.empty()) return true;
  std::printf("seed %llu FAILED: %s\n  %s\n  replay: ./dev sim --seed %llu\n", static_cast<unsigned long long>(seed),
              problem.c_str(), report.description.c_str(), static_cast<unsigned long long>(seed));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  double limit = 0;
  CLI::App app("seeds of the simulator");
  app.add_option("--seed", first, "first seed");
  app.add_option("--seeds", count, "how many");
  app.add_option("--seconds", limit, "run as many seeds as fit into this time instead");
  CLI11_PARSE(app, argc, argv);

  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  intertie::tests::SeedReport total;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  while (limit > 0 ? elapsed() < limit : done < count) {
    const std::uint64_t seed = first + done;
    if (!run_one(seed, done % 10 == 0, total)) ++failed;
    ++done;
  }
  std::printf("%llu seeds from %llu: %llu failed; %d merges, %d faults, %.1f s\n", static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(failed), total.merges, total.faults,
              elapsed());
  return failed == 0 ? 0 : 1;
}
