#include "intertie/site/forecast.h"

#include <gtest/gtest.h>

namespace intertie::site {
namespace {

RunFile three_sites(const std::vector<std::string>& overrides = {}) {
  const std::string text = R"(
[run]
name = "three"
[model]
kind = "toy"
toy_elements = 1_000_000
[train]
tokens = "300 steps"
local_batch_size = 4
[sync]
every = 30
[[site]]
name = "a"
step_time = "50 ms"
[[site]]
name = "b"
[[site]]
name = "c"
[[link]]
between = ["a", "b"]
paths = [{ rate = "100 Mbit/s", rtt = "40 ms" }]
[[link]]
between = ["b", "c"]
paths = [{ rate = "100 Mbit/s", rtt = "40 ms" }]
[[link]]
between = ["a", "c"]
paths = [{ rate = "50 Mbit/s", rtt = "40 ms" }]
)";
  Result<RunFile> file = parse_run_file(text, "run.toml", overrides, [](const std::string&) { return std::string(); });
  EXPECT_TRUE(file);
  return std::move(file).value();
}

TEST(Forecast, ParametersOfPublishedModels) {
  train::ModelSettings model;
  model.bias = false;
  model.intermediate_size = 512;
  EXPECT_EQ(*num_parameters(model, 65), 804096U) << "nanoGPT's character model for CPUs";
  train::ModelSettings gpt2{
      .hidden_size = 768, .num_hidden_layers = 12, .num_attention_heads = 12, .max_position_embeddings = 1024};
  gpt2.intermediate_size = 3072;
  EXPECT_EQ(*num_parameters(gpt2, 50257), 124'439'808U) << "GPT-2 small";
}

TEST(Forecast, OwnersOverThreeSites) {
  const Forecast f = forecast(three_sites(), 1'000'000);
  EXPECT_EQ(f.merges, 10U);
  EXPECT_FALSE(f.gather);
  ASSERT_EQ(f.links.size(), 3U);
  // 82, 82 and 81 of 245 blocks, of which the last has 576 elements.
  EXPECT_EQ(f.links[0].each_way.value, 2 * 82 * 16384U) << "a third of the contribution and a third of the result";
  EXPECT_EQ(f.sent_per_merge.value, 2 * 82 * 16384U + (82 + 80) * 16384U + 576 * 4);
  // 2,656,512 B at 50 Mbit/s is 425.0 ms; two one-way delays of 20 ms.
  EXPECT_NEAR(std::chrono::duration<double>(*f.merge_time).count(), 0.4650, 1e-4) << "the slowest link decides";
  EXPECT_NEAR(*f.utilisation, 1.5 / (1.5 + 0.4650), 1e-4);
}

TEST(Forecast, GatherSendsWholeContributions) {
  const Forecast f = forecast(three_sites({"sync.reduction=gather", "sync.encoding=bf16"}), 1'000'000);
  EXPECT_TRUE(f.gather);
  EXPECT_EQ(f.links[0].each_way.value, 2'000'000U);
  EXPECT_NEAR(std::chrono::duration<double>(*f.merge_time).count(), 0.34, 1e-4) << "320 ms and one delay of 20 ms";
}

TEST(Forecast, NarrowEncodingsCountTheirScales) {
  const Forecast f = forecast(three_sites({"sync.encoding=fp4"}), 1'000'000);
  EXPECT_EQ(f.links[0].each_way.value, 82 * 4096 * 97 / 64U) << "82 of 245 blocks, at 4.0625 bits and the 8.0625 of a result";
}

TEST(Forecast, MemoryOfASite) {
  // Parameters, gradient, two moments, anchor, momentum; contribution, two results, two thirds of a contribution.
  EXPECT_EQ(forecast(three_sites(), 1'000'000).memory.value, 24'000'000U + 14'666'666U);
  EXPECT_EQ(forecast(three_sites({"sync.method=synchronous", "train.optimizer=sgd"}), 3'000'000).memory.value,
            24'000'000U + 44'000'000U);
}

TEST(Forecast, SaysNothingWithoutARate) {
  RunFile file = three_sites();
  file.links.pop_back();
  const Forecast f = forecast(file, 1'000'000);
  EXPECT_FALSE(f.merge_time);
  EXPECT_FALSE(f.utilisation);
  EXPECT_TRUE(f.links[0].merge_time) << "each link by itself";
}

TEST(Forecast, TheBestScheduleBesideEqualSharesAndTheBound) {
  const Result<ScheduleForecast> f = forecast_schedule(three_sites(), 1'000'000);
  ASSERT_TRUE(f);
  EXPECT_NEAR(seconds_of(f->equal_shares), 0.4650, 1e-4);
  // Through b, which has twice the rate to both: 4 MB at 100 Mbit/s each way, and less where a - c takes its part.
  EXPECT_LT(seconds_of(f->best.predicted.transfer), 0.32);
  EXPECT_LE(f->bound.time(), f->best.predicted.time());
  EXPECT_GT(seconds_of(f->bound.time()), 0.2);
  RunFile file = three_sites();
  file.links.pop_back();
  const Result<ScheduleForecast> unknown = forecast_schedule(file, 1'000'000);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().what, "a schedule follows from the rates of all links, and a - c has none");
  file.sites.resize(1);
  EXPECT_FALSE(forecast_schedule(file, 1'000'000));
}

TEST(Forecast, OneSiteSendsNothing) {
  RunFile file = three_sites();
  file.sites.resize(1);
  file.links.clear();
  const Forecast f = forecast(file, 1'000'000);
  EXPECT_EQ(f.sent_per_merge.value, 0U);
  EXPECT_FALSE(f.merge_time);
}

}  // namespace
}  // namespace intertie::site
