// The named cases: a whole run of the toy problem over several sites on virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/sim/history.h"
#include "tests/sim/toy_world.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

Hash64 hash_of(const std::vector<float>& values) { return hash_bytes(std::as_bytes(std::span(values))); }

std::string message(const std::optional<Result<sync::Outcome>>& outcome) {
  if (!outcome) return "still running";
  return *outcome ? "ok" : outcome->error().message();
}

struct Variant {
  sync::Method method;
  std::vector<int> batch_sizes;
  std::string reduction;
  std::string outer;
};

// The tests' names must not hold addresses.
void PrintTo(const Variant& variant, std::ostream* out) {
  *out << (variant.method == sync::Method::diloco ? "diloco" : "synchronous") << "/" << variant.batch_sizes.size() << "_sites/"
       << variant.reduction << "/" << variant.outer;
}

class EveryVariant : public testing::TestWithParam<Variant> {
 protected:
  ToyOptions options(std::uint64_t steps) const {
    ToyOptions made = toy_options(steps);
    made.sync.method = GetParam().method;
    made.sync.reduction = GetParam().reduction;
    made.sync.outer = GetParam().outer;
    made.sync.hash_every = 1;
    made.sync.bucket_mib = 0.05;
    made.batch_sizes = GetParam().batch_sizes;
    return made;
  }
};

TEST_P(EveryVariant, EverySiteHasTheBitsOfThePlainReferenceAfterEveryMerge) {
  const ToyOptions options = this->options(23);
  const std::vector<std::vector<float>> expected = reference_run(options);
  ToyWorld world(options);
  std::size_t merges = 0;
  world.on_merge = [&](std::size_t site, Version version, Hash64 parameters) {
    EXPECT_EQ(parameters, hash_of(expected[version.value])) << "site " << site << ", version " << version;
    ++merges;
  };
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < world.num_sites(); ++site) {
    ASSERT_EQ(message(world.outcome(site)), "ok");
    EXPECT_TRUE(same_bits(world.parameters(site), expected.back()));
    EXPECT_FALSE(world.outcome(site)->value().stopped);
  }
  EXPECT_EQ(merges, (expected.size() - 1) * world.num_sites());
}

TEST_P(EveryVariant, KilledEverywhereAtAnyMomentAndResumedItEndsWithTheSameBits) {
  const ToyOptions options = this->options(60);
  const std::vector<float> expected = reference_run(options).back();
  for (const Duration moment : {30ms, 170ms, 400ms, 650ms, 900ms, 1400ms, 2000ms}) {
    ToyWorld world(options);
    world.start_all();
    world.world().run_for(moment);
    world.kill_all();
    world.start_all(true);
    ASSERT_TRUE(world.run_to_end());
    for (std::size_t site = 0; site < world.num_sites(); ++site) {
      ASSERT_EQ(message(world.outcome(site)), "ok") << "killed after " << to_string(moment);
      EXPECT_TRUE(same_bits(world.parameters(site), expected)) << "killed after " << to_string(moment);
    }
  }
}

TEST_P(EveryVariant, StoppedByAnySiteAndResumedItEndsWithTheSameBits) {
  const ToyOptions options = this->options(60);
  const std::vector<float> expected = reference_run(options).back();
  for (std::size_t asker = 0; asker < options.batch_sizes.size(); ++asker) {
    ToyWorld world(options);
    world.start_all();
    world.world().run_for(500ms);
    world.run(asker)->request_stop("test");
    ASSERT_TRUE(world.run_to_end());
    const Version version = world.outcome(0)->value().version;
    EXPECT_GT(version, Version{0});
    for (std::size_t site = 0; site < world.num_sites(); ++site) {
      ASSERT_EQ(message(world.outcome(site)), "ok");
      EXPECT_TRUE(world.outcome(site)->value().stopped);
      EXPECT_EQ(world.outcome(site)->value().version, version);
    }
    world.start_all(true);
    ASSERT_TRUE(world.run_to_end());
    for (std::size_t site = 0; site < world.num_sites(); ++site) {
      ASSERT_EQ(message(world.outcome(site)), "ok");
      EXPECT_TRUE(same_bits(world.parameters(site), expected)) << "stopped by site " << asker;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Run, EveryVariant,
                         testing::Values(Variant{sync::Method::diloco, {4}, "auto", "nesterov"},
                                         Variant{sync::Method::diloco, {4, 2}, "auto", "nesterov"},
                                         Variant{sync::Method::diloco, {4, 4, 4}, "auto", "nesterov"},
                                         Variant{sync::Method::diloco, {1, 2, 3, 4, 5}, "auto", "sgd"},
                                         Variant{sync::Method::diloco, {2, 2, 2}, "gather", "nesterov"},
                                         Variant{sync::Method::synchronous, {4}, "auto", "nesterov"},
                                         Variant{sync::Method::synchronous, {3, 5}, "auto", "nesterov"},
                                         Variant{sync::Method::synchronous, {4, 4, 4}, "auto", "nesterov"},
                                         Variant{sync::Method::synchronous, {2, 2, 2, 2}, "gather", "nesterov"}));

TEST(Run, TheSameSeedGivesTheSameEventsAndTraceTwice) {
  const auto trace = [](std::uint64_t seed) {
    ToyOptions options = toy_options(20);
    options.seed = seed;
    ToyWorld world(options);
    world.start_all();
    EXPECT_TRUE(world.run_to_end());
    return world.world().trace();
  };
  EXPECT_EQ(trace(5), trace(5));
  EXPECT_NE(trace(5), trace(6));
}

// How far a run of 100 steps with these encodings ends from the one in f32, in any parameter; all sites are bit-equal all
// along.
double distance_from_f32(Encoding encoding, Encoding result_encoding) {
  ToyOptions options = toy_options(100);
  options.sync.encoding = encoding;
  options.sync.result_encoding = result_encoding;
  ToyWorld world(options);
  std::map<Version, std::set<Hash64>> seen;
  world.on_merge = [&](std::size_t, Version version, Hash64 parameters) { seen[version].insert(parameters); };
  world.start_all();
  EXPECT_TRUE(world.run_to_end());
  for (const auto& [version, hashes] : seen) EXPECT_EQ(hashes.size(), 1U) << version;
  EXPECT_TRUE(same_bits(world.parameters(0), reference_run(options).back()));
  const std::vector<float> exact = reference_run(toy_options(100)).back();
  double distance = 0;
  for (std::size_t k = 0; k < exact.size(); ++k) {
    distance = std::max(distance, std::abs(double{exact[k]} - world.parameters(0)[k]));
  }
  return distance;
}

TEST(Run, NarrowEncodingsKeepAllSitesBitEqualAndStillConverge) {
  const double bf16 = distance_from_f32(Encoding::bf16, Encoding::bf16);
  const double int8 = distance_from_f32(Encoding::int8, Encoding::int8);
  const double fp4 = distance_from_f32(Encoding::fp4, Encoding::int8);
  const double fp4_results = distance_from_f32(Encoding::fp4, Encoding::fp4);
  EXPECT_GT(bf16, 0) << "it was not used";
  EXPECT_GT(int8, bf16);
  EXPECT_GT(fp4, int8);
  EXPECT_GT(fp4_results, fp4);
  EXPECT_LT(bf16, 0.005);
  EXPECT_LT(int8, 0.01);
  EXPECT_LT(fp4, 0.2);
  EXPECT_LT(fp4_results, 0.2);
}

TEST(Run, AMissingSiteIsNamedWhenTheStartWaitIsOver) {
  ToyWorld world(toy_options(20));
  world.start(0);
  world.start(1);
  ASSERT_TRUE(world.run_to_end(5min));
  EXPECT_THAT(message(world.outcome(0)),
              testing::AllOf(testing::HasSubstr("site site2 (site2:7400)"), testing::HasSubstr("has not connected")));
}

TEST(Run, ASiteThatLeavesBeforeTheRunBeginsIsMissingAndItsNextStartIsNot) {
  for (const bool comes_back : {true, false}) {
    ToyWorld world(toy_options(20));
    world.start(0);
    world.start(1);
    world.world().run_for(3s);
    world.run(1)->request_leave("lunch");
    world.world().run_for(5s);
    ASSERT_THAT(message(world.outcome(1)), testing::HasSubstr("stopped: lunch"));
    ASSERT_FALSE(world.outcome(0)) << message(world.outcome(0));
    world.start(2);
    world.world().run_for(5s);
    ASSERT_FALSE(world.outcome(0) || world.outcome(2)) << "it is not waited for";
    if (comes_back) world.start(1);
    ASSERT_TRUE(world.run_to_end(5min));
    for (const std::size_t site : {0U, 2U}) {
      EXPECT_THAT(message(world.outcome(site)), testing::HasSubstr(comes_back ? "ok" : "still missing: site site1 "));
    }
  }
}

TEST(Run, AStopBeforeTheRunBeginsEndsAllWhoWait) {
  for (const std::size_t asked : {0U, 1U}) {
    ToyWorld world(toy_options(20));
    world.start(0);
    world.start(1);
    world.world().run_for(3s);
    if (asked == 0) world.run(0)->request_leave("enough");  // which it cannot
    if (asked == 1) world.run(1)->request_stop("enough");
    world.world().run_for(5s);
    for (const std::size_t site : {0U, 1U}) {
      ASSERT_TRUE(world.outcome(site)) << "site " << site << " waits, where site " << asked << " was asked";
      EXPECT_EQ(world.outcome(site)->error().code, ErrorCode::cancelled);
    }
  }
}

TEST(Run, OtherDataOrAnotherRunFileIsRefusedByNameOnBothSides) {
  for (const bool data : {true, false}) {
    ToyWorld world(toy_options(20));
    world.adjust = [data](std::size_t site, sync::RunSettings& settings) {
      settings.start_wait = 20s;
      settings.agreement_text = "train.lr = 0.05\n";
      if (site == 1 && !data) settings.agreement_text = "train.lr = 0.07\n";
      if (site == 1 && data) settings.data = Hash64{2};
      settings.agreement = hash_text(settings.agreement_text);
    };
    world.start_all();
    ASSERT_TRUE(world.run_to_end(5min));
    const std::string why = data ? "have hash 0000000000000002 at site1" : "train.lr is 0.05 at site0 and 0.07 at site1";
    EXPECT_THAT(message(world.outcome(1)), testing::AllOf(testing::HasSubstr("refused this site"), testing::HasSubstr(why)));
  }
}

TEST(Run, ParametersThatAreNotFiniteReachNoCheckpoint) {
  ToyOptions options = toy_options(5);  // one merge, and a checkpoint of it
  options.train.lr = options.train.min_lr = 1;
  options.sync.outer_lr = 3e38;
  ToyWorld world(options);
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) {
    EXPECT_THAT(message(world.outcome(site)), testing::HasSubstr("a parameter is not finite"));
    EXPECT_THAT(*world.disk(site).list("run/checkpoints"), testing::IsEmpty());
  }
}

TEST(Run, AResumeWithoutACheckpointIsSaid) {
  ToyWorld world(toy_options(5));
  world.start_all(/*resume=*/true);
  ASSERT_TRUE(world.run_to_end());
  const bool said = std::any_of(world.events().begin(), world.events().end(), [](const RecordedEvent& each) {
    return each.event.name == "warning" &&
           std::get<std::string>(each.event.fields[0].second) == "no checkpoint in run/checkpoints: the run starts at step 0";
  });
  EXPECT_TRUE(said);
}

TEST(Run, WhileOthersAreMissingItSaysWhom) {
  ToyWorld world(toy_options(5));
  world.start(0);
  world.start(1);
  world.world().run_for(3s);
  const auto waits = std::find_if(world.events().begin(), world.events().end(),
                                  [](const RecordedEvent& each) { return each.event.name == "start.waiting"; });
  ASSERT_NE(waits, world.events().end());
  EXPECT_THAT(std::get<std::string>(waits->event.fields[1].second), testing::StartsWith("site site2 ("));
}

TEST(Run, AnExistingRunIsNotOverwrittenWithoutAWord) {
  ToyWorld world(toy_options(20));
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  EXPECT_THAT(message(world.outcome(2)), testing::AllOf(testing::HasSubstr("up to version 4"), testing::HasSubstr("--resume")));
}

TEST(Run, ResumedWhereItEndedItEndsAtOnceAsItWas) {
  ToyWorld world(toy_options(20));
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  const Hash64 parameters = world.outcome(0)->value().parameters;
  world.start_all(true);
  ASSERT_TRUE(world.run_to_end(10s));
  for (std::size_t site = 0; site < world.num_sites(); ++site) {
    ASSERT_EQ(message(world.outcome(site)), "ok");
    EXPECT_EQ(world.outcome(site)->value().parameters, parameters);
  }
}

TEST(Run, OnlySomeSitesStartedWithResumeIsAnError) {
  ToyWorld world(toy_options(20));
  world.start(0, false);
  world.start(1, true);
  world.start(2, true);
  ASSERT_TRUE(world.run_to_end());
  EXPECT_THAT(message(world.outcome(0)), testing::HasSubstr("site site1 was started with --resume, site site0 without"));
}

TEST(Run, FreshAtOneSiteOnlyRemovesNothing) {
  const ToyOptions options = toy_options(60);
  ToyWorld world(options);
  world.start_all();
  world.world().run_for(1200ms);
  world.kill_all();
  world.adjust = [](std::size_t site, sync::RunSettings& settings) {
    settings.fresh = site == 1;
    settings.resume = site != 1;
  };
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  EXPECT_THAT(message(world.outcome(0)), testing::HasSubstr("site site1 was started without --resume"));
  world.adjust = {};
  world.start_all(true);
  ASSERT_TRUE(world.run_to_end());
  ASSERT_EQ(message(world.outcome(1)), "ok");
  EXPECT_TRUE(same_bits(world.parameters(1), reference_run(options).back()));
}

TEST(Run, FreshEverywhereStartsFromTheBeginning) {
  const ToyOptions options = toy_options(40);
  ToyWorld world(options);
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  world.adjust = [](std::size_t, sync::RunSettings& settings) { settings.fresh = true; };
  std::size_t first_merges = 0;
  world.on_merge = [&](std::size_t, Version version, Hash64) { first_merges += version == Version{1} ? 1 : 0; };
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  EXPECT_EQ(first_merges, world.num_sites());
  EXPECT_TRUE(same_bits(world.parameters(1), reference_run(options).back()));
}

TEST(Run, WithoutItsStoreARunIsNotStartedAnewUnderResume) {
  ToyWorld world(toy_options(60));
  world.start_all();
  world.world().run_for(1200ms);
  world.kill_all();
  ASSERT_TRUE(world.disk(0).remove_all("run/store.json"));
  world.start_all(true);
  ASSERT_TRUE(world.run_to_end());
  EXPECT_THAT(message(world.outcome(0)), testing::HasSubstr("store.json) is gone"));
  EXPECT_FALSE(world.disk(2).list("run/checkpoints")->empty());
}

TEST(Run, AStopRightAfterAResumeStops) {
  const ToyOptions options = toy_options(200);
  ToyWorld world(options);
  world.start_all();
  world.world().run_for(3s);
  world.kill_all();
  world.start_all(true);
  ASSERT_TRUE(world.world().run_until([&] { return world.run(1)->state() != nullptr; }, 1min));
  world.run(1)->request_stop("test");
  ASSERT_TRUE(world.run_to_end());
  ASSERT_EQ(message(world.outcome(1)), "ok");
  EXPECT_TRUE(world.outcome(1)->value().stopped);
}

TEST(Run, ParametersThatDifferEndTheRunBeforeTheyAreInACompleteCheckpoint) {
  ToyOptions options = toy_options(60);
  options.sync.method = sync::Method::synchronous;  // the live parameters are the anchor
  options.train.checkpoint_every = {.count = 5, .steps = true};
  ToyWorld world(options);
  world.on_merge = [&](std::size_t site, Version version, Hash64) {
    if (site == 2 && version == Version{12}) world.corrupt(2);
  };
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) {
    EXPECT_THAT(message(world.outcome(site)),
                testing::AllOf(testing::HasSubstr("parameters differ"), testing::HasSubstr("site site2 has")));
  }
  world.on_merge = {};
  world.start_all(true);
  ASSERT_TRUE(world.run_to_end());
  ASSERT_EQ(message(world.outcome(0)), "ok");
  EXPECT_TRUE(same_bits(world.parameters(2), reference_run(options).back()));
}

TEST(Run, ATrainingThatDivergesEndsBeforeACheckpointHoldsIt) {
  for (const sync::Method method : {sync::Method::diloco, sync::Method::synchronous}) {
    ToyOptions options = toy_options(60);
    options.sync.method = method;
    options.train.lr = 1e30;
    options.train.min_lr = 1e30;
    ToyWorld world(options);
    world.start_all();
    ASSERT_TRUE(world.run_to_end());
    EXPECT_THAT(message(world.outcome(1)), testing::HasSubstr("is not finite"));
    EXPECT_TRUE(world.disk(1).list("run/checkpoints")->empty());
  }
}

TEST(Run, ProgressIsOfWholeIntervalsAndPromisesNoEndBeforeThereIsAMerge) {
  ToyOptions options = toy_options(200);
  options.step_time = 2s;  // an interval is 5 s, a merge takes some more
  ToyWorld world(options);
  world.start_all();
  ASSERT_TRUE(world.run_to_end());
  const env::TimePoint end = world.world().now();
  std::vector<env::TimePoint> times;
  bool merged = false;
  for (const RecordedEvent& recorded : world.events()) {
    merged |= recorded.site == 0 && recorded.event.name == "merge.committed";
    if (recorded.site != 0 || recorded.event.name != "progress") continue;
    times.push_back(recorded.when);
    for (const auto& [name, value] : recorded.event.fields) {
      if (name == "step") {
        EXPECT_GT(std::get<std::int64_t>(value), 0);
      } else if (name == "eta_seconds") {
        const double eta = std::get<double>(value);
        const double left = seconds_of(end - recorded.when);
        if (!merged) {
          EXPECT_TRUE(std::isnan(eta));
        } else if (left > 30) {
          EXPECT_NEAR(eta, left, 0.1 * left);
        }
      }
    }
  }
  ASSERT_GT(times.size(), 50U);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_EQ(times[i] - times[i - 1], 5s);
}

TEST(Run, ASiteThatLostItsCheckpointsCannotResumeAndIsNamed) {
  ToyWorld world(toy_options(60));
  world.start_all();
  world.world().run_for(1200ms);
  world.kill_all();
  ASSERT_TRUE(world.disk(2).remove_all("run"));
  world.start_all(true);
  ASSERT_TRUE(world.run_to_end());
  EXPECT_THAT(message(world.outcome(0)), testing::HasSubstr("site site2 does not have its part of version"));
}

TEST(Run, ASiteWithAFullDiskEndsAndComesBackWhenThereIsSpace) {
  ToyOptions options = toy_options(200);
  ToyWorld world(options);
  world.on_merge = [&](std::size_t site, Version version, Hash64) {
    if (site == 1 && version == Version{6}) world.disk(1).set_capacity(Bytes{1000});
  };
  world.start_all();
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(1).has_value(); }, 1min));
  EXPECT_THAT(message(world.outcome(1)), testing::HasSubstr("no space left"));
  world.disk(1).set_capacity(Bytes{UINT64_MAX});
  world.on_merge = {};
  world.start(1, true);
  ASSERT_TRUE(world.run_to_end());
  for (std::size_t site = 0; site < 3; ++site) ASSERT_EQ(message(world.outcome(site)), "ok");
  EXPECT_TRUE(same_bits(world.parameters(0), world.parameters(1)));
  EXPECT_EQ(History(options, world).problem(), "");
}

}  // namespace
}  // namespace intertie::tests
