// Merges of made-up contributions between sites on virtual time.
#include "intertie/trial/merge_trial.h"

#include <gtest/gtest.h>

#include "intertie/env/sim/sim_world.h"
#include "intertie/reduce/maps_fixture.h"
#include "intertie/reduce/schedule.h"

namespace intertie::trial {
namespace {

using namespace std::chrono_literals;
constexpr env::LinkProfile kLine{BitRate{100e6}, 10ms};

class Sites {
 public:
  Sites(std::uint16_t count, wire::Reduction reduction, std::uint64_t elements = 300'000) {
    std::vector<SiteId> members;
    for (std::uint16_t i = 0; i < count; ++i) {
      names_.push_back("site-" + std::to_string(i));
      addresses_.push_back({names_.back(), 7400});
      members.push_back(SiteId{i});
    }
    settings_.schedule = reduce::make_schedule({.reduction = reduction, .members = members, .elements = elements});
    settings_.num_warm_ups = 1;
    settings_.num_merges = 3;
  }
  MergeTrialSettings& settings() { return settings_; }

  void start(std::uint16_t site) {
    MergeTrialSettings settings = settings_;
    settings.mesh.identity = {.run = "trial",
                              .self = SiteId{site},
                              .site_names = names_,
                              .incarnation = Incarnation{1U + site},
                              .agreement = hash_text(agreement_),
                              .agreement_text = agreement_,
                              .data = {}};
    settings.mesh.addresses = addresses_;
    settings.mesh.listen = {addresses_[site]};
    settings.mesh.paths.assign(names_.size(), {{.num_merge_streams = 2}});
    env::sim::SimSite& place = world_.start(names_[site]);
    auto& one = *running_.emplace_back(std::make_unique<Running>());
    one.trial = std::make_unique<MergeTrial>(
        settings, MergeTrial::Services{place.loop(), place.worker(), place.network()},
        MergeTrial::Handlers{.note = [&one](const std::string& note) { one.notes.push_back(note); },
                             .merged = [&one](std::uint32_t, std::uint32_t, Duration) { ++one.merged; },
                             .scheduled =
                                 [&one](const reduce::Map& map, const reduce::Scheduled& best) {
                                   one.map = map;
                                   one.predicted = best.predicted.time();
                                 },
                             .measuring = [] {},
                             .measured = [] {}});
    place.loop().post([&one] {
      one.task.emplace(one.trial->run());
      one.task->start([&one](Result<MergeTrialReport> report) { one.report = std::move(report); });
    });
  }
  void start_all() {
    for (std::uint16_t i = 0; i < names_.size(); ++i) start(i);
  }
  bool run() {
    return world_.run_until(
        [this] { return std::ranges::all_of(running_, [](const auto& each) { return each->report.has_value(); }); }, 30min);
  }

  struct Running {
    std::unique_ptr<MergeTrial> trial;
    std::optional<env::Task<Result<MergeTrialReport>>> task;
    std::optional<Result<MergeTrialReport>> report;
    std::vector<std::string> notes;
    int merged = 0;
    std::optional<reduce::Map> map;
    Duration predicted{0};
  };
  const Result<MergeTrialReport>& report(std::size_t site) const { return *running_[site]->report; }
  Running& running(std::size_t site) { return *running_[site]; }
  env::sim::SimWorld& world() { return world_; }
  const std::string& name(std::size_t site) const { return names_[site]; }
  void agree_on(std::string text) { agreement_ = std::move(text); }

 private:
  env::sim::SimWorld world_{{.seed = 3, .link = kLine}};
  std::vector<std::string> names_;
  std::vector<env::Address> addresses_;
  MergeTrialSettings settings_;
  std::string agreement_ = "bench.size = 1";
  std::vector<std::unique_ptr<Running>> running_;
};

double median_seconds(const MergeTrialReport& report) {
  std::vector<Duration> times = report.merges;
  std::ranges::sort(times);
  return seconds_of(times[times.size() / 2]);
}

TEST(MergeTrial, EverySiteHasTheSumAfterEachMerge) {
  for (const auto reduction : {wire::Reduction::gather, wire::Reduction::owners}) {
    for (const auto encoding : {Encoding::f32, Encoding::bf16}) {
      Sites sites(3, reduction);
      sites.settings().encoding = sites.settings().result_encoding = encoding;
      sites.start_all();
      ASSERT_TRUE(sites.run());
      for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(sites.report(i)) << sites.report(i).error().message();
        EXPECT_EQ(sites.report(i)->merges.size(), 3U);
        EXPECT_EQ(sites.report(i)->warm_ups.size(), 1U);
        EXPECT_EQ(sites.running(i).merged, 4);
        EXPECT_EQ(sites.report(i)->result, sites.report(0)->result);
      }
    }
  }
}

// Two sites gather: each sends its 1.2 MB over a line of its own, 96 ms, 10 ms away.
TEST(MergeTrial, TheTimeIsThatOfTheLine) {
  Sites sites(2, wire::Reduction::gather);
  sites.start_all();
  ASSERT_TRUE(sites.run());
  ASSERT_TRUE(sites.report(0));
  const double line = 300'000 * 4 * 8 / 100e6 + 0.010;
  EXPECT_GT(median_seconds(*sites.report(0)), line - 0.011);  // chunks may be here before this site begins
  EXPECT_LT(median_seconds(*sites.report(0)), line * 1.1);
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(sites.report(i));
    EXPECT_GE(sites.report(i)->sent.value, 4U * 300'000 * 4) << "all of it, the warm-up too";
    EXPECT_LT(static_cast<double>(sites.report(i)->sent.value), 1.02 * 4 * 300'000 * 4);
    EXPECT_GE(sites.report(i)->received.value, 4U * 300'000 * 4);
    EXPECT_LT(static_cast<double>(sites.report(i)->received.value), 1.02 * 4 * 300'000 * 4);
  }
}

TEST(MergeTrial, HeartbeatsAreTimedBesideTheMergesThatCount) {
  Sites sites(2, wire::Reduction::gather, 3'000'000);
  sites.start_all();
  ASSERT_TRUE(sites.run());
  ASSERT_TRUE(sites.report(0));
  const std::vector<Duration>& times = sites.report(0)->round_trips;
  const double seconds = seconds_of(sites.report(0)->elapsed);  // a beat every 250 ms
  EXPECT_GE(static_cast<double>(times.size()), seconds / 0.25 - 2);
  EXPECT_LE(static_cast<double>(times.size()), seconds / 0.25 + 2) << "none of the warm-up";
  EXPECT_TRUE(std::ranges::is_sorted(times));
  EXPECT_GE(times.front(), 20ms);
  EXPECT_EQ(sites.report(0)->num_streams, 2U);
}

// In the middle of a merge that takes two seconds; one dies, and another way to go is that its line goes silent.
TEST(MergeTrial, ASiteThatIsLostIsNamedSoon) {
  for (const bool dies : {true, false}) {
    Sites sites(3, wire::Reduction::owners, 6'000'000);
    sites.start_all();
    sites.world().run_for(3s);
    if (dies) sites.world().kill("site-1");
    for (const char* other : {"site-0", "site-2"}) {
      if (dies) break;
      sites.world().cut(other, "site-1");
    }
    sites.world().run_for(5s);
    for (const std::size_t left : {0, 2}) {
      ASSERT_TRUE(sites.running(left).report.has_value()) << "it still waits";
      ASSERT_FALSE(sites.report(left));
      EXPECT_EQ(sites.report(left).error().code, ErrorCode::retry);
      EXPECT_EQ(
          sites.report(left).error().message(),
          "site site-1 (site-1:7400): lost in the middle of the merges: nothing was heard of it for 3.00 s; look there why "
          "it has ended, and start all sites again");
    }
  }
}

// The lines of the world are of pairs: each way 100 Mbit/s, 10 ms, and one of 30 Mbit/s.
TEST(MergeTrial, MergesFollowWhatTheProbeFound) {
  Sites sites(3, wire::Reduction::owners, 1'000'000);
  sites.settings().probed_work = reduce::Work{.elements = 1'000'000};
  sites.world().set_link("site-0", "site-1", {BitRate{30e6}, 10ms});
  sites.world().set_link("site-1", "site-0", {BitRate{30e6}, 10ms});
  sites.start_all();
  ASSERT_TRUE(sites.run());
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(sites.report(i)) << sites.report(i).error().message();
  const auto& asked = sites.running(0);
  ASSERT_TRUE(asked.map);
  EXPECT_NEAR(asked.map->link(0, 1)->rate.bits_per_second, 30e6, 1e6);
  EXPECT_NEAR(asked.map->site(2).up.bits_per_second, 200e6, 8e6) << "both of its lines";
  EXPECT_NEAR(seconds_of(asked.map->link(1, 2)->delay), 0.010, 0.001);
  EXPECT_NEAR(median_seconds(*sites.report(0)), seconds_of(asked.predicted), 0.2 * seconds_of(asked.predicted));
}

void set_both_ways(Sites& sites, std::size_t a, std::size_t b, const env::LinkProfile& line) {
  sites.world().set_link(sites.name(a), sites.name(b), line);
  sites.world().set_link(sites.name(b), sites.name(a), line);
}

// Of chunks in the proportion to the fragment that they have at 32 MiB: relays pass on whole ones, and the last may be on a
// slow link, of which the prediction knows nothing.
void follow_the_probe(Sites& sites) {
  sites.settings().probed_work = reduce::Work{.elements = sites.settings().schedule.elements, .chunk_blocks = 8};
  sites.settings().num_merges = 1;
}

void expect_near_the_prediction(const Sites& sites, double predicted) {
  const double median = median_seconds(*sites.report(0));
  EXPECT_LT(median, 1.15 * predicted);
  EXPECT_GT(median, 0.9 * predicted);
}

class DrawnPairs : public testing::TestWithParam<unsigned> {};  // a seed

// Five sites whose pairs have rates between 10 and 100 Mbit/s: all their schedules have ways over relays.
TEST_P(DrawnPairs, WaysOverRelaysTakeTheTimeThatIsPredicted) {
  Sites sites(5, wire::Reduction::owners, 4'000'000);
  follow_the_probe(sites);
  const reduce::Map map = reduce::drawn_pairs(5, GetParam());
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = a + 1; b < 5; ++b) set_both_ways(sites, a, b, *map.link(a, b));
  }
  sites.start_all();
  ASSERT_TRUE(sites.run());
  for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(sites.report(i)) << sites.report(i).error().message();
  expect_near_the_prediction(sites, seconds_of(sites.running(0).predicted));
  expect_near_the_prediction(sites, seconds_of(reduce::scheduled(map, *sites.settings().probed_work).predicted.time()));
}
INSTANTIATE_TEST_SUITE_P(MergeTrial, DrawnPairs, testing::Range(1U, 11U));

TEST(MergeTrial, AChainMergesOverItsMiddle) {
  Sites sites(3, wire::Reduction::owners, 4'000'000);
  follow_the_probe(sites);
  for (const std::size_t end : {0U, 2U}) set_both_ways(sites, 1, end, {BitRate{200e6}, 15ms});
  sites.world().cut(sites.name(0), sites.name(2));
  sites.start_all();
  ASSERT_TRUE(sites.run());
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(sites.report(i)) << sites.report(i).error().message();
  EXPECT_FALSE(sites.running(0).map->link(0, 2)) << "nothing came over it";
  expect_near_the_prediction(sites, seconds_of(sites.running(0).predicted));
}

TEST(MergeTrial, PausesAreNotCounted) {
  Sites sites(2, wire::Reduction::gather);
  sites.settings().every = 5s;
  sites.settings().silence = 60s;
  const env::TimePoint began = sites.world().now();
  sites.start_all();
  ASSERT_TRUE(sites.run());
  ASSERT_TRUE(sites.report(0));
  EXPECT_GT(sites.report(0)->elapsed, 10s);
  EXPECT_LT(sites.report(0)->elapsed, 11s);
  EXPECT_LT(median_seconds(*sites.report(0)), 0.3);
  EXPECT_GT(sites.world().now() - began, 70s);
}

TEST(MergeTrial, ASiteThatDoesNotComeIsNamed) {
  Sites sites(3, wire::Reduction::owners);
  sites.settings().start_wait = 20s;
  sites.start(0);
  sites.start(1);
  ASSERT_TRUE(sites.run());
  ASSERT_FALSE(sites.report(0));
  EXPECT_NE(sites.report(0).error().message().find("site-2"), std::string::npos) << sites.report(0).error().message();
}

TEST(MergeTrial, ASiteThatDiesIsNamed) {
  Sites sites(3, wire::Reduction::owners);
  sites.settings().num_merges = 1000;
  sites.settings().merge_wait = 30s;
  sites.start_all();
  ASSERT_TRUE(sites.world().run_until([&] { return sites.running(0).merged > 2; }, 1min));
  sites.world().kill("site-1");
  ASSERT_TRUE(sites.world().run_until([&] { return sites.running(0).report && sites.running(2).report; }, 2min));
  ASSERT_FALSE(sites.report(0));
  EXPECT_NE(sites.report(0).error().message().find("site-1"), std::string::npos) << sites.report(0).error().message();
  ASSERT_FALSE(sites.running(0).notes.empty());
}

TEST(MergeTrial, ASiteWithOtherOptionsIsRefused) {
  Sites sites(2, wire::Reduction::gather);
  sites.settings().start_wait = 20s;
  sites.start(0);
  sites.agree_on("bench.size = 2");
  sites.start(1);
  ASSERT_TRUE(sites.run());
  ASSERT_FALSE(sites.report(1));
  EXPECT_NE(sites.report(1).error().message().find("bench.size"), std::string::npos) << sites.report(1).error().message();
}

TEST(MergeTrial, StopEndsIt) {
  Sites sites(2, wire::Reduction::gather);
  sites.settings().num_merges = 1000;
  sites.start_all();
  ASSERT_TRUE(sites.world().run_until([&] { return sites.running(0).merged > 2; }, 1min));
  sites.running(0).trial->stop();
  ASSERT_TRUE(sites.world().run_until([&] { return sites.running(0).report.has_value(); }, 1s));
  EXPECT_EQ(sites.report(0).error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace intertie::trial
