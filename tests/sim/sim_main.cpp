// sim: runs seeds of the simulator. `sim --seed 17` replays one; `--seeds 100` runs that many from there on; every tenth seed
// runs twice and must match event for event. `--hostile` makes the faults worse, `--paths 2` has links of two paths. With
// `--bug NAME` it is a success to fail: the seed that finds the bug is printed.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>

#include "intertie/base/planted.h"
#include "tests/sim/workload.h"

namespace {

std::string replay_options(const intertie::tests::WorkloadOptions& options) {
  return (options.hostile ? " --hostile" : "") +
         (options.paths > 1 ? " --paths " + std::to_string(options.paths) : std::string());
}

bool run_one(std::uint64_t seed, bool twice, intertie::tests::WorkloadOptions options, intertie::tests::SeedReport& total) {
  const intertie::tests::SeedReport report = intertie::tests::run_seed(seed, options);
  total.sites += report.sites;
  total.merges += report.merges;
  total.faults += report.faults;
  std::string problem = report.problem;
  if (problem.empty() && twice && intertie::tests::run_seed(seed, options).trace != report.trace) problem = "two runs differ";
  if (problem.empty()) return true;
  std::printf("seed %llu FAILED: %s\n  %s\n  replay: ./dev sim%s --seed %llu\n", static_cast<unsigned long long>(seed),
              problem.c_str(), report.description.c_str(), replay_options(options).c_str(),
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  double limit = 0;
  intertie::tests::WorkloadOptions options;
  CLI::App app("seeds of the simulator");
  app.add_option("--seed", first, "first seed");
  app.add_option("--seeds", count, "how many");
  app.add_option("--seconds", limit, "run as many seeds as fit into this time instead");
  const std::map<std::string, intertie::Bug> bugs = {{"apply_in_flush", intertie::Bug::apply_in_flush},
                                                     {"stale_start", intertie::Bug::stale_start},
                                                     {"arrival_order", intertie::Bug::arrival_order},
                                                     {"resum_applied", intertie::Bug::resum_applied},
                                                     {"count_at_one", intertie::Bug::count_at_one}};
  app.add_option("--bug", intertie::planted_bug, "plant a bug, and end with the first seed that finds it")
      ->transform(CLI::CheckedTransformer(bugs));
  app.add_flag("--hostile", options.hostile,
               "faults at the worst moments, machines that stand still, slow lines, large states");
  app.add_option("--paths", options.paths, "of every link; where there are several, paths are cut, too")
      ->check(CLI::Range(1, 4));
  app.add_flag("--events", options.events, "print every event as it happens");
  CLI11_PARSE(app, argc, argv);

  const bool looks_for_a_bug = intertie::planted_bug != intertie::Bug::none;
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  intertie::tests::SeedReport total;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  while (limit > 0 ? elapsed() < limit : done < count) {
    const std::uint64_t seed = first + done;
    const bool twice = done % 10 == 0 && !options.events && !looks_for_a_bug;
    if (!run_one(seed, twice, options, total)) ++failed;
    ++done;
    if (failed > 0 && looks_for_a_bug) break;
  }
  const auto mean = [done](int sum) { return static_cast<double>(sum) / static_cast<double>(done); };
  std::printf("%llu seeds from %llu: %llu failed; on average %.1f sites, %.1f merges, %.1f faults; %.1f s\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(failed), mean(total.sites), mean(total.merges), mean(total.faults), elapsed());
  return (failed == 0) == looks_for_a_bug ? 1 : 0;
}
