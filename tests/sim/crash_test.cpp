// A disk that stops between any two of its changes, as a power cut or a death does, and once more while the run is resumed: the
// run that is resumed afterwards ends, and its history is one that docs/protocol.md allows.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/history.h"
#include "tests/sim/toy_world.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMostChanges = 200;  // that a site makes to its disk in this run; fewer in fact

class Crash : public testing::TestWithParam<std::tuple<sync::Method, std::size_t, bool>> {
 protected:
  ToyOptions options() const {
    ToyOptions options = toy_options(40);
    options.sync.method = std::get<0>(GetParam());
    options.batch_sizes = {2, 2, 2};
    options.elements = 9000;
    options.train.checkpoint_every = {.count = 10, .steps = true};
    return options;
  }
  std::size_t victim() const { return std::get<1>(GetParam()); }
  bool replaces_a_run() const { return std::get<2>(GetParam()); }

  // A run up to its end or to where the victim's disk stops; true if the disk did not stop it.
  bool first_start(ToyWorld& world, std::uint64_t stop) const {
    if (replaces_a_run()) {
      world.start_all();
      world.world().run_for(700ms);
      world.kill_all();
      world.adjust = [](std::size_t, sync::RunSettings& settings) {
        settings.fresh = true;
        settings.store_wait = 20s;
      };
    }
    world.disk(victim()).stop_after(stop);
    world.start_all();
    EXPECT_TRUE(world.run_to_end()) << "hangs after " << stop << " changes";
    const auto& outcome = world.outcome(victim());
    const bool whole = outcome && *outcome;
    world.kill_all();
    world.adjust = [](std::size_t, sync::RunSettings& settings) { settings.store_wait = 20s; };
    return whole;
  }
};

// While the disk is stopped the others go on without the victim, so the run is not what it would have been; but it is a run.
TEST_P(Crash, WhereverTheDiskStopsTheRunEndsAsThePromisesSay) {
  std::uint64_t stop = 0;
  for (; stop < kMostChanges; ++stop) {
    ToyWorld world(options());
    world.adjust = [](std::size_t, sync::RunSettings& settings) { settings.store_wait = 20s; };
    if (first_start(world, stop)) break;
    world.disk(victim()).stop_after(stop * 5 % 14);
    world.start_all(/*resume=*/true);
    world.run_to_end();
    world.kill_all();
    world.start_all(/*resume=*/true);
    ASSERT_TRUE(world.run_to_end()) << "hangs after " << stop << " changes";
    for (std::size_t site = 0; site < world.num_sites(); ++site) {
      const auto& outcome = *world.outcome(site);
      // The others had come to the end without it: there is nobody to come to.
      if (site == victim() && !outcome && outcome.error().code == ErrorCode::retry) continue;
      ASSERT_TRUE(outcome) << "site " << site << " after " << stop << " changes: " << outcome.error().message();
      ASSERT_EQ(world.parameters(site), world.parameters(victim() == 0 ? site : 0))
          << "site " << site << " after " << stop << " changes";
    }
    if (replaces_a_run()) continue;
    ASSERT_EQ(History(options(), world).problem(), "") << "after " << stop << " changes";
  }
  EXPECT_GT(stop, 20U) << "changes in a whole run";
  EXPECT_LT(stop, kMostChanges);
}

std::string name_of(const testing::TestParamInfo<Crash::ParamType>& variant) {
  const auto& [method, victim, replaces] = variant.param;
  return std::string(method == sync::Method::diloco ? "diloco" : "synchronous") + "_site" + std::to_string(victim) +
         (replaces ? "_fresh" : "");
}

INSTANTIATE_TEST_SUITE_P(Disks, Crash,
                         testing::Values(std::tuple(sync::Method::diloco, 0, false), std::tuple(sync::Method::diloco, 1, false),
                                         std::tuple(sync::Method::diloco, 0, true), std::tuple(sync::Method::diloco, 1, true),
                                         std::tuple(sync::Method::synchronous, 0, false)),
                         name_of);

}  // namespace
}  // namespace intertie::tests
