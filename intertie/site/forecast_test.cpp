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
  EXPECT_EQ(f.links[0].each_way.value, 2'666'666U) << "a third of the contribution and a third of the result";
  EXPECT_EQ(f.sent_per_merge.value, 2 * 2'666'666U);
  // 2,666,666 B at 50 Mbit/s is 426.7 ms; two one-way delays of 20 ms.
  EXPECT_NEAR(std::chrono::duration<double>(*f.merge_time).count(), 0.4667, 1e-4) << "of the slowest link";
  EXPECT_NEAR(*f.utilisation, 1.5 / (1.5 + 0.4667), 1e-4);
}

TEST(Forecast, GatherSendsWholeContributions) {
  const Forecast f = forecast(three_sites({"sync.reduction=gather", "sync.encoding=bf16"}), 1'000'000);
  EXPECT_TRUE(f.gather);
  EXPECT_EQ(f.links[0].each_way.value, 2'000'000U);
  EXPECT_NEAR(std::chrono::duration<double>(*f.merge_time).count(), 0.34, 1e-4) << "320 ms and one delay of 20 ms";
}

TEST(Forecast, NarrowEncodingsCountTheirScales) {
  const Forecast f = forecast(three_sites({"sync.encoding=fp4"}), 1'000'000);
  EXPECT_EQ(f.links[0].each_way.value, 505'208U) << "a third of 4.0625 bits, and of the 8.0625 of a result";
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
