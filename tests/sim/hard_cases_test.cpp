// Sequences of deaths, cuts, pauses and slow lines that once hung a run, lost work or kept a site out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/sim/history.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

// The run ends while a copy of the state is on a slow line.
TEST(HardCases, ASiteThatComesWhenTheRunEndsDoesNotHang) {
  ToyOptions made = distant_sites(3);
  made.elements = 400000;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.world().set_link("site2", "site1", {BitRate{2e6}, 40ms});
  world.start_all();
  world.world().run_for(20s);
  world.kill(1);
  const std::uint64_t all = made.train.tokens.count * 6 * 16;
  ASSERT_TRUE(world.world().run_until([&] { return world.run(0)->state()->progress.tokens * 100 > all * 92; }, 30min));
  world.start(1, true);
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(0) && world.outcome(2); }, 5min));
  EXPECT_EQ(events_named(world, "join.began").size(), 1U);
  EXPECT_TRUE(world.run_to_end(60min)) << "site 1 hangs: " << end_of(world, 1);
}

// Merges that are further apart than start_wait (2 min).
TEST(HardCases, ASiteComesBackWhereMergesAreFarApart) {
  ToyOptions made = distant_sites(3);
  made.step_time = 60s;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(6min);
  world.kill(1);
  world.world().run_for(6min);
  world.start(1, true);
  world.world().run_for(20min);
  EXPECT_EQ(end_of(world, 1), "still running");
  EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
}

// A site that comes is cut off for a few seconds after its donor was named and before that had time for it.
TEST(HardCases, ASiteThatWasAwayBeforeItWasGivenAnythingComesAllTheSame) {
  ToyOptions made = distant_sites(3);
  made.step_time = 3s;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(40s);
  world.kill(1);
  world.world().run_for(20s);
  const auto merges = [&] { return world.commits().size(); };
  std::size_t before = merges();
  ASSERT_TRUE(world.world().run_until([&] { return merges() >= before + 2; }, 60s));
  world.start(1, true);
  world.world().run_for(5s);
  cut_off(world, 1);
  before = merges();
  ASSERT_TRUE(world.world().run_until([&] { return merges() >= before + 2; }, 60s));
  world.world().run_for(1s);
  mend_all_of(world, 1);
  world.world().run_for(10min);
  EXPECT_EQ(end_of(world, 1), "still running");
  EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
}

// A site leaves; before its last merge is complete the store's holder dies for good.
TEST(HardCases, ASiteThatLeavesDoesNotHangWhereTheHolderIsGone) {
  for (const std::size_t num_sites : {2U, 3U}) {
    ToyOptions made = distant_sites(num_sites);
    ToyWorld world(made);
    world.let_sites_rejoin();
    world.start_all();
    world.world().run_for(5s);
    world.run(1)->request_leave("lunch");
    const std::size_t before = events_named(world, "view.entered").size();
    ASSERT_TRUE(world.world().run_until(
        [&] {
          const auto views = events_named(world, "view.entered");
          return std::any_of(views.begin() + static_cast<std::ptrdiff_t>(before), views.end(),
                             [](const auto& e) { return e.site == 1; });
        },
        10s));
    world.kill(0);
    world.world().run_for(60min);
    EXPECT_NE(end_of(world, 1), "still running") << num_sites << " sites";
    if (num_sites == 3) {
      EXPECT_NE(end_of(world, 2), "still running");
    }
  }
}

// Three sites whose links have this delay; what is done to them after a while changes nothing of who takes part.
void expect_that_nobody_is_expelled(Duration delay, const std::string& what,
                                    const std::function<void(env::sim::SimWorld&)>& disturb) {
  ToyOptions made = distant_sites(3, 2000);
  made.link.delay = delay;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(10s);
  disturb(world.world());
  world.world().run_for(15s);
  EXPECT_EQ(reasons(world), "the run begins | ") << what << ", " << to_string(delay) << " one way";
}

void expect_that_a_pause_expels_nobody(const std::string& site, const std::vector<Duration>& times) {
  for (const Duration delay : {40ms, 150ms}) {
    for (const Duration time : times) {
      expect_that_nobody_is_expelled(delay, to_string(time), [&](env::sim::SimWorld& world) {
        world.pause(site, time);
        world.run_for(time);
      });
    }
  }
}

// It reaches the holder over one member only, and another member not at all.
TEST(HardCases, ASiteThatWouldHaveToGoAtOnceIsNotTakenInAgainAndAgain) {
  ToyOptions made = distant_sites(4, 4000);
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(5s);
  world.world().cut("site3", "site0");
  world.world().cut("site3", "site2");
  world.world().cut("site1", "site2");
  world.world().run_for(2min);
  const std::string why = reasons(world);
  EXPECT_LE(std::count(why.begin(), why.end(), '|'), 3) << why;
  world.world().mend("site3", "site2");
  world.world().run_for(20s);
  EXPECT_EQ(end_of(world, 3), "still running");
  EXPECT_EQ(words_in(events_named(world, "view.entered").back().event, "members"), "site0, site1, site2, site3");
}

TEST(HardCases, AHolderThatStoodStillExpelsNobody) {
  expect_that_a_pause_expels_nobody("site0", {800ms, 1100ms, 1300ms, 1800ms, 2500ms, 3500ms, 10s, 60s});
}

TEST(HardCases, ASiteThatStoodStillForLessThanLostAfterIsNotExpelled) {
  expect_that_a_pause_expels_nobody("site1", {800ms, 1100ms, 1500ms, 1900ms, 2200ms, 2500ms});
}

// All connections of a site break at once, as when a router forgets them; it is heard again after a moment.
TEST(HardCases, ASiteWhoseConnectionsAllBreakIsNotExpelled) {
  for (const Duration delay : {40ms, 100ms, 150ms, 200ms}) {
    expect_that_nobody_is_expelled(delay, "broken", [](env::sim::SimWorld& world) {
      world.break_connections("site1", "site0");
      world.break_connections("site1", "site2");
    });
  }
}

TEST(HardCases, ASiteThatStillGetsResultsWhenTheRunEndsDoesNotSayThatItStopped) {
  ToyOptions made = distant_sites(3);
  made.elements = 100000;
  made.seed = 5;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.world().set_link("site2", "site1", {BitRate{3e6}, 40ms});
  world.start_all();
  world.world().run_for(20s);
  world.kill(1);
  const std::uint64_t all = made.train.tokens.count * 6 * 16;
  ASSERT_TRUE(world.world().run_until([&] { return world.run(0)->state()->progress.tokens * 100 > all * 80; }, 30min));
  world.start(1, true);
  ASSERT_TRUE(world.run_to_end(60min));
  ASSERT_EQ(end_of(world, 0), "ok");
  ASSERT_TRUE(*world.outcome(1)) << end_of(world, 1);
  EXPECT_EQ((*world.outcome(1))->version.value, (*world.outcome(0))->version.value);
  EXPECT_NE(end_of(world, 1), "stopped") << "at version " << (*world.outcome(1))->version.value << " of "
                                         << (*world.outcome(0))->version.value;
}

// It hears that it is no member any more, but nobody hears it. Cut off both ways it would have waited store_wait (10 min).
TEST(HardCases, ASiteThatNobodyHearsForThreeMinutesComesBack) {
  for (const bool both : {true, false}) {
    ToyOptions made = distant_sites(3, 6000);
    ToyWorld world(made);
    world.let_sites_rejoin();
    world.start_all();
    world.world().run_for(5s);
    world.world().cut_one_way("site1", "site0");
    world.world().cut_one_way("site1", "site2");
    if (both) world.world().cut_one_way("site0", "site1");
    if (both) world.world().cut_one_way("site2", "site1");
    world.world().run_for(3min);
    mend_all_of(world, 1);
    world.world().run_for(30s);
    EXPECT_EQ(end_of(world, 1), "still running") << (both ? "both ways" : "one way");
    EXPECT_EQ(events_named(world, "join.finished").size(), 1U) << (both ? "both ways" : "one way");
  }
}

// A holder that comes back, and is cut off for five seconds before it is a member again: the members wait for it (10 min).
TEST(HardCases, AHolderThatComesBackOverAShakyLineDoesNotEndTheRun) {
  ToyOptions made = distant_sites(3, 1000);
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(5s);
  world.kill(0);
  world.world().run_for(5s);
  world.start(0, true);
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "store.back").size() == 2; }, 10s));
  cut_off(world, 0);
  world.world().run_for(5s);
  mend_all_of(world, 0);
  world.world().run_for(10s);
  EXPECT_EQ(end_of(world, 0), "still running");
  EXPECT_TRUE(world.run_to_end(60min));
}

// A stop is ordered and acknowledged; the holder dies and is back before the others have ended (simulated seed 309).
TEST(HardCases, AHolderThatComesBackKnowsItselfThatTheRunStops) {
  for (const std::size_t num_sites : {2U, 4U}) {
    for (const Duration away : {Duration(100ms), Duration(600ms), Duration(1200ms), Duration(3s)}) {
      ToyOptions made = distant_sites(num_sites, 1000);
      made.step_time = 400ms;
      ToyWorld world(made);
      world.let_sites_rejoin();
      world.start_all();
      world.world().run_for(10s);
      world.run(0)->request_stop("enough");
      ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "run.stopping").size() == num_sites; }, 10s));
      world.world().run_for(200ms);
      world.kill(0);
      world.world().run_for(away);
      world.start(0, true);
      EXPECT_TRUE(world.run_to_end(30min)) << num_sites << " sites, away for " << to_string(away);
      for (std::size_t site = 0; site < num_sites; ++site) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
    }
  }
}

// It is a member again by the last view, and has nothing to do itself; but the others' checkpoint becomes complete at it.
TEST(HardCases, AHolderThatComesBackAtTheEndStaysUntilTheOthersHaveEnded) {
  ToyOptions made = distant_sites(3, 1000);
  made.elements = 400000;
  made.sync.reduction = "gather";
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.world().set_link("site1", "site2", {BitRate{1e6}, 40ms});
  world.start_all();
  world.world().run_for(60s);
  world.run(0)->request_stop("enough");
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "run.stopping").size() == 3; }, 10s));
  world.kill(0);
  world.world().run_for(100ms);
  world.start(0, true);
  EXPECT_TRUE(world.run_to_end(60min));
  for (std::size_t site = 0; site < 3; ++site) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
}

// Two sites come to a run that goes on; somebody thinks better of one of them.
TEST(HardCases, ASiteThatComesDoesNotEndWithAnotherThatComes) {
  ToyOptions made = distant_sites(4);
  made.step_time = 3s;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(40s);
  world.kill(2);
  world.kill(3);
  world.world().run_for(20s);
  const std::size_t before = world.commits().size();
  ASSERT_TRUE(world.world().run_until([&] { return world.commits().size() >= before + 2; }, 60s));
  world.start(2, true);
  world.start(3, true);
  world.world().run_for(3s);
  world.run(2)->request_stop("no, not now");
  world.world().run_for(3min);
  EXPECT_EQ(end_of(world, 3), "still running");
  EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
}

// Whoever asks there means the run, which goes on without that site.
TEST(HardCases, AStopAskedAtASiteThatComesWaitsUntilItIsAMember) {
  ToyOptions made = distant_sites(3, 2000);
  made.step_time = 3s;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(40s);
  world.kill(2);
  world.world().run_for(20s);
  world.start(2, true);
  world.world().run_for(3s);
  world.run(2)->request_stop_once_member("enough");
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
}

TEST(HardCases, AStopAskedAtASiteThatMissesTheStoreWaitsForIt) {
  ToyWorld world(distant_sites(3, 2000));
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(20s);
  world.kill(2);
  world.world().run_for(10s);
  world.kill(0);
  world.world().run_for(5s);
  world.start(2, true);
  world.world().run_for(3s);
  world.run(2)->request_stop_once_member("enough");
  world.world().run_for(20s);
  EXPECT_EQ(end_of(world, 2), "still running");
  world.start(0, true);
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
}

TEST(HardCases, AStopAskedBeforeTheRunBeginsStopsItWhenItHas) {
  ToyWorld world(distant_sites(3, 2000));
  world.start(0);
  world.start(1);
  world.world().run_for(5s);
  world.run(1)->request_stop_once_member("enough");
  world.world().run_for(5s);
  world.start(2);
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
}

// The donor's machine stands still while it gives its state; the site that comes did nothing wrong.
TEST(HardCases, ADonorThatStoodStillDoesNotFenceTheSiteThatComes) {
  for (const int i : {0, 4, 9}) {
    ToyOptions made = distant_sites(3, 2000);
    made.seed = static_cast<std::uint64_t>(100 + i);
    made.elements = 400000;
    ToyWorld world(made);
    world.let_sites_rejoin();
    world.world().set_link("site2", "site1", {BitRate{3e6}, 40ms});
    world.start_all();
    world.world().run_for(20s);
    world.kill(1);
    world.world().run_for(10s);
    world.start(1, true);
    ASSERT_TRUE(world.world().run_until([&] { return !events_named(world, "join.began").empty(); }, 1min));
    world.world().run_for(i * 50ms);
    const auto life = world.life(2);
    world.world().pause("site2", 2500ms);  // less than lost_after
    world.world().run_for(6s);
    EXPECT_EQ(world.life(2), life);
    EXPECT_EQ(world.life(1), 2U) << i;
  }
}

// docs/protocol.md rule 17: it ends when the others have what it gave.
TEST(HardCases, ASiteThatLeavesOverASlowLineEndsWhenTheOthersHaveWhatItGave) {
  ToyOptions made = distant_sites(3, 100);
  made.elements = 1500000;
  made.streams = 1;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.world().set_link("site2", "site0", {BitRate{1.5e6}, 40ms});
  world.world().set_link("site2", "site1", {BitRate{1.5e6}, 40ms});
  world.start_all();
  world.world().run_for(60s);
  world.run(2)->request_leave("lunch");
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(2).has_value(); }, 5min));
  ASSERT_TRUE(*world.outcome(2)) << end_of(world, 2);
  EXPECT_TRUE(world.outcome(2)->value().left);
  world.world().run_for(60s);
  EXPECT_TRUE(events_named(world, "samples.lost").empty());
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(0) && world.outcome(1); }, 60min));
  EXPECT_EQ(end_of(world, 0), "ok");
  // What it wrote is what the others had.
  const Commit* last = nullptr;
  for (const Commit& each : world.commits()) {
    if (each.site == 2) last = &each;
  }
  for (const Commit& each : world.commits()) {
    if (each.site == 0 && each.version == last->version) {
      EXPECT_EQ(each.set, last->set);
      EXPECT_EQ(each.parameters, last->parameters) << "version " << each.version.value;
    }
  }
}

TEST(HardCases, AFullDiskAtTheStoreIsSurvived) {
  ToyOptions made = distant_sites(3, 1000);
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(5s);
  world.disk(0).set_capacity(Bytes{0});
  world.kill(2);
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(0).has_value(); }, 1min)) << end_of(world, 0);
  world.world().run_for(20s);
  EXPECT_EQ(end_of(world, 1), "still running");
  world.disk(0).set_capacity(Bytes{UINT64_MAX});
  world.start(0, true);
  world.start(2, true);
  ASSERT_TRUE(world.run_to_end(60min));
  for (std::size_t site = 0; site < 3; ++site) EXPECT_EQ(end_of(world, site), "ok");
  EXPECT_EQ(History(made, world).problem(), "");
}

// A holder comes back while the run stops, and a death makes the flush so long that one view lets its old start go and its new
// one in. The others waited for a word of the old start from the new one, for ever (simulated hostile seed 65).
TEST(HardCases, AHolderThatComesBackInOneViewWithTheEndOfItsOldStartHoldsUpNobody) {
  ToyOptions made = distant_sites(4, 1000);
  made.step_time = 400ms;
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(10s);
  world.run(0)->request_stop("enough");
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "run.stopping").size() == 4; }, 10s));
  const auto stop = std::get<std::int64_t>(events_named(world, "run.stopping").front().event.fields.at(1).second);
  const auto all_apply_the_last = [&] {
    for (const std::size_t site : {1U, 2U, 3U}) {
      if (world.run(site)->state()->decided.value < static_cast<std::uint64_t>(stop)) return false;
    }
    return true;
  };
  ASSERT_TRUE(world.world().run_until(all_apply_the_last, 10s));
  world.kill(0);  // before it says what it got
  world.start(0, true);
  ASSERT_TRUE(world.world().run_until([&] { return world.run(1)->state()->flushing.has_value(); }, 10s));
  world.kill(3);
  ASSERT_TRUE(world.run_to_end(2min)) << end_of(world, 1);
  EXPECT_EQ(reasons(world), "the run begins | site0 came back as a new start; nothing was heard of site3; site0 has come | ");
  for (const std::size_t site : {0U, 1U, 2U}) EXPECT_EQ(end_of(world, site), "stopped") << "site " << site;
}

// A site that is not heard from the moment when it is ready is in the first view, and out of the second, before any word of
// either comes to it. It waited for start_wait (2 min), refused by everybody (simulated hostile seed 293).
TEST(HardCases, ASiteThatHeardOfNoViewBeforeItWasOutOfThemComesBack) {
  ToyOptions made = distant_sites(3, 1000);
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  ASSERT_TRUE(world.world().run_until([&] { return world.run(0)->state() != nullptr; }, 10s));
  cut_off(world, 1);
  world.world().run_for(8s);
  ASSERT_EQ(world.run(1)->state(), nullptr);
  mend_all_of(world, 1);
  world.world().run_for(20s);
  EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
  EXPECT_THAT(reasons(world), testing::HasSubstr("site1 has come"));
}

// What it fetched is not its own pace.
TEST(HardCases, ASiteThatCameBackSaysTheSameTimeToTheEndAsTheOthers) {
  ToyWorld world(distant_sites(3, 1500));
  world.start_all();
  world.world().run_for(40s);
  world.kill(1);
  world.world().run_for(5s);
  world.start(1, true);
  world.world().run_for(21s);
  std::array<double, 3> eta{};
  for (const RecordedEvent& progress : events_named(world, "progress")) {
    for (const auto& [name, value] : progress.event.fields) {
      if (name == "eta_seconds") eta.at(progress.site) = std::get<double>(value);
    }
  }
  EXPECT_GT(eta[0], 0);
  EXPECT_NEAR(eta[1], eta[0], 0.25 * eta[0]);
}

// The members die before the site that was given their state is one of them, and begin anew with the start of it that they
// find: what it was given is of no run any more.
TEST(HardCases, ARunThatBeginsAnewDoesNotGoOnWithWhatASiteWasGivenBefore) {
  ToyOptions made = distant_sites(3);
  made.train.checkpoint_every = {.count = 1000, .steps = true};  // none: all have to be there for it to begin
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(10s);
  world.kill(1);
  world.world().run_for(10s);
  world.start(1, true);
  ASSERT_TRUE(world.world().run_until([&] { return !events_named(world, "join.finished").empty(); }, 30s));
  world.world().cut("site1", "site2");  // so that it hears late of its donor's new start
  for (const std::size_t site : {0U, 2U}) world.kill(site);
  for (const std::size_t site : {0U, 2U}) world.start(site, true);
  world.world().run_for(30s);
  world.world().mend("site1", "site2");
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) {
    ASSERT_EQ(end_of(world, site), "ok") << site;
    EXPECT_EQ((*world.outcome(site))->parameters, (*world.outcome(0))->parameters) << site;
  }
}

// The store is away, and the others wait for it.
TEST(HardCases, WhileTheRunStandsTheTimeToItsEndDoesNotRunDown) {
  ToyWorld world(distant_sites(3, 1500));
  world.start_all();
  world.world().run_for(40s);
  world.kill(0);
  const env::TimePoint dead = world.world().now();
  world.world().run_for(60s);
  std::vector<double> moving, standing;
  for (const RecordedEvent& progress : events_named(world, "progress")) {
    if (progress.site != 1) continue;
    for (const auto& [name, value] : progress.event.fields) {
      if (name != "eta_seconds") continue;
      (progress.when < dead + 8s ? moving : standing).push_back(std::get<double>(value));
    }
  }
  EXPECT_GT(moving[4], 60);
  for (std::size_t i = 8; i < moving.size(); ++i) EXPECT_GT(moving[i], moving[7] - 6) << "it shrinks while nothing moves";
  ASSERT_GE(standing.size(), 9U);
  for (std::size_t i = 1; i < standing.size(); ++i) EXPECT_TRUE(std::isnan(standing[i])) << standing[i];
  world.start(0, true);
  world.world().run_for(30s);
  const RecordedEvent last = events_named(world, "progress").back();
  for (const auto& [name, value] : last.event.fields) {
    if (name != "eta_seconds") continue;
    EXPECT_GT(std::get<double>(value), 0) << "it goes on";
  }
}

}  // namespace
}  // namespace intertie::tests
