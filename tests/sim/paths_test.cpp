// Runs whose links have two paths, of which some are cut in the middle of merges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/history.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

// Merges that take more than a second.
ToyOptions slow_merges(std::size_t num_sites, std::uint16_t paths) {
  ToyOptions made = distant_sites(num_sites, 100);
  made.elements = 150'000;
  made.link = {BitRate{2e6}, 20ms};
  made.paths = paths;
  return made;
}

Hash64 parameters_after(ToyOptions made, const std::function<void(ToyWorld&)>& disturb = {}) {
  ToyWorld world(std::move(made));
  world.start_all();
  if (disturb) disturb(world);
  EXPECT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < world.num_sites(); ++site) EXPECT_EQ(end_of(world, site), "ok") << "site " << site;
  EXPECT_EQ(History(world.options(), world).problem(), "");
  return hash_bytes(std::as_bytes(std::span<const float>(world.parameters(0))));
}

TEST(TwoPathsOfALink, OneThatIsCutInMidMergeChangesNothingButTheTime) {
  const Hash64 undisturbed = parameters_after(slow_merges(3, 1));
  for (const std::size_t path : {0U, 1U}) {
    const Hash64 disturbed = parameters_after(slow_merges(3, 2), [path](ToyWorld& world) {
      ASSERT_TRUE(world.world().run_until([&] { return !events_named(world, "merge.committed").empty(); }, 2min));
      world.world().run_for(1s);  // the next one is under way
      const std::size_t merges = world.commits().size();
      world.world().cut(world.end_of_path(0, path), world.end_of_path(1, path));
      world.world().run_for(1s);
      EXPECT_EQ(events_named(world, "path.changed").size(), 6U + 2U)
          << "all three links' second paths, and the one that is cut";
      EXPECT_EQ(world.commits().size(), merges) << "the cut was in mid-merge";
      world.world().run_for(10s);
      EXPECT_GE(world.commits().size(), merges + 3);
      world.world().mend(world.end_of_path(0, path), world.end_of_path(1, path));
      world.world().run_for(12s);
      const auto changes = events_named(world, "path.changed");
      ASSERT_FALSE(changes.empty());
      EXPECT_EQ(words_in(changes.back().event, "state"), "up") << "it is taken back";
      for (const RecordedEvent& change : changes) {
        const bool concerned = words_in(change.event, "state") == "up" || change.site < 2;
        EXPECT_TRUE(concerned) << "site 2 knows nothing of it";
      }
      EXPECT_TRUE(events_named(world, "link.changed").empty());
      EXPECT_EQ(events_named(world, "view.entered").size(), 3U) << "nobody is expelled";
    });
    EXPECT_EQ(disturbed, undisturbed) << "as over one path";
  }
}

TEST(TwoPathsOfALink, AreOneWayTogether) {
  const auto time_of = [](std::uint16_t paths) {
    ToyOptions made = slow_merges(2, paths);
    made.elements = 2'000'000;  // many chunks
    made.link.rate = BitRate{20e6};
    made.train.tokens.count = 15;
    ToyWorld world(made);
    world.start_all();
    EXPECT_TRUE(world.run_to_end());
    const auto merges = events_named(world, "merge.committed");
    return seconds_of(merges.back().when - merges.front().when);
  };
  EXPECT_LT(time_of(2), 0.65 * time_of(1));
}

// Both are cut; the link is gone around over the third site, as one of a single path is.
TEST(TwoPathsOfALink, WhenBothAreCutAMemberRelays) {
  parameters_after(slow_merges(3, 2), [](ToyWorld& world) {
    ASSERT_TRUE(world.world().run_until([&] { return !events_named(world, "merge.committed").empty(); }, 2min));
    world.world().cut("site0", "site1");
    world.world().run_for(20s);
    ASSERT_FALSE(events_named(world, "link.changed").empty());
    EXPECT_EQ(words_in(events_named(world, "link.changed").front().event, "state"), "relayed");
    world.world().mend("site0", "site1");
    EXPECT_EQ(events_named(world, "view.entered").size(), 3U) << "nobody is expelled";
  });
}

}  // namespace
}  // namespace intertie::tests
