#include "intertie/site/run_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::site {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Result<std::string> no_files(const std::string& path) {
  return Error{.code = ErrorCode::reconfigure, .where = path, .what = "no such file", .fix = {}, .cause = nullptr};
}

RunFile read(const std::string& text, const std::vector<std::string>& overrides = {}, const std::string& path = "run.toml") {
  Result<RunFile> file = parse_run_file(text, path, overrides, no_files);
  if (!file) {
    ADD_FAILURE() << file.error().message();
    return {};
  }
  return std::move(*file);
}

constexpr const char* kShort = R"(
[run]
name = "first"
[train]
tokens = "2 M"
)";

constexpr const char* kThree = R"(
[run]
name = "three-states"
seed = 7
[model]
hidden_size = 64
num_attention_heads = 2
[train]
tokens = "200 steps"
local_batch_size = 4
warmup = "10 steps"
[sync]
method = "diloco"
every = 10
encoding = "bf16"
[[site]]
name = "ashburn"
address = "ashburn.example:7400"
[[site]]
name = "columbus"
local_batch_size = 6
step_time = "50 ms"
power_cap = "30 MW"
[[site]]
name = "quincy"
[[link]]
between = ["ashburn", "columbus"]
paths = [{ rate = "100 Mbit/s", km = 560, risk = ["I-70"] }, { rate = "50 Mbit/s", delay = "5 ms" }]
[[link]]
between = ["quincy", "ashburn"]
paths = [{ rate = "1 Gbit/s", rtt = "40 ms", km = 1, streams = 2 }]
)";

TEST(RunFile, ShortFileHasDefaultsAndOneSite) {
  const RunFile file = read(kShort);
  EXPECT_EQ(file.run.name, "first");
  EXPECT_EQ(file.run.folder, "runs/first");
  EXPECT_EQ(file.train.tokens.count, 2'000'000U);
  EXPECT_FALSE(file.train.tokens.steps);
  EXPECT_EQ(file.model.intermediate_size, 512);
  EXPECT_EQ(file.train.sequence_length, 64);
  EXPECT_EQ(file.train.decay.count, 2'000'000U) << "the cosine ends with the run";
  ASSERT_EQ(file.sites.size(), 1U);
  EXPECT_EQ(file.sites[0].name, "local");
  EXPECT_THAT(file.unused, IsEmpty());
  EXPECT_THAT(file.data.train, ElementsAre("python-stdlib"));
}

TEST(RunFile, OneSiteTrainsPlainlyUnlessItSaysOtherwise) {
  EXPECT_EQ(read("[run]\nname = \"one\"\n[train]\ntokens = \"2 M\"\n").sync.method, sync::Method::synchronous);
  EXPECT_EQ(read("[run]\nname = \"one\"\n[train]\ntokens = \"2 M\"\n[sync]\nmethod = \"diloco\"\n").sync.method,
            sync::Method::diloco);
  EXPECT_EQ(read(kThree).sync.method, sync::Method::diloco);
}

TEST(RunFile, ASiteListensEverywhereUnlessItSaysOtherwise) {
  const auto at = [](const char* address, std::optional<env::Address> listen = {}) {
    SiteSettings site;
    site.address = *env::parse_address(address);
    site.listen = std::move(listen);
    return env::to_string(listens_at(site));
  };
  EXPECT_EQ(at("ashburn.example:7400"), "0.0.0.0:7400");
  EXPECT_EQ(at("203.0.113.7:7400"), "0.0.0.0:7400");
  EXPECT_EQ(at("[2001:db8::1]:7400"), "[::]:7400");
  EXPECT_EQ(at("127.0.0.1:7400"), "127.0.0.1:7400");
  EXPECT_EQ(at("ashburn.example:7400", env::Address{"10.0.0.1", 7500}), "10.0.0.1:7500");
  EXPECT_EQ(env::to_string(*read(kThree, {"site.ashburn.listen=\"10.0.0.1:1\""}).sites[0].listen), "10.0.0.1:1");
}

constexpr const char* kTwoPaths = R"(
[run]
name = "paths"
[train]
tokens = "200 steps"
[[site]]
name = "ashburn"
address = "203.0.113.1:7400"
[[site]]
name = "columbus"
address = "203.0.113.2:7400"
listen = "203.0.113.2:7400"
[[site]]
name = "quincy"
address = "203.0.113.3:7400"
[[link]]
between = ["columbus", "ashburn"]
paths = [
  { streams = 2, addresses = { ashburn = "10.1.0.1:7400", columbus = "10.1.0.2:7400" } },
  { streams = 3, addresses = { columbus = "[fd00::2]:7500", ashburn = "[fd00::1]:7500" } },
]
)";

TEST(RunFile, APathJoinsTheAddressesThatItNames) {
  const RunFile file = read(kTwoPaths);
  EXPECT_THAT(file.unused, IsEmpty());
  const auto paths = file.paths_from(SiteId{1}, false);
  ASSERT_EQ(paths[0].size(), 2U);
  EXPECT_EQ(env::to_string(*paths[0][0].to), "10.1.0.1:7400");
  EXPECT_EQ(paths[0][0].from, "10.1.0.2");
  EXPECT_EQ(paths[0][0].num_merge_streams, 2);
  EXPECT_EQ(env::to_string(*paths[0][1].to), "[fd00::1]:7500");
  EXPECT_EQ(paths[0][1].from, "fd00::2");
  EXPECT_EQ(paths[0][1].num_merge_streams, 3);
  ASSERT_EQ(paths[2].size(), 1U) << "no link is written, so there is one path";
  EXPECT_FALSE(paths[2][0].to);
  EXPECT_EQ(paths[2][0].from, "");
  EXPECT_THAT(file.agreement(), HasSubstr("link.columbus-ashburn.paths[1].streams = 3\n"));
  EXPECT_THAT(file.agreement(), Not(HasSubstr("10.1.0")));
}

TEST(RunFile, ALocalRunHasTheFirstPathOfALink) {
  const auto paths = read(kTwoPaths).paths_from(SiteId{1}, true);
  ASSERT_EQ(paths[0].size(), 1U);
  EXPECT_FALSE(paths[0][0].to);
  EXPECT_EQ(paths[0][0].from, "");
  EXPECT_EQ(paths[0][0].num_merge_streams, 2);
}

TEST(RunFile, ASiteListensAtItsEndsOfPathsToo) {
  const auto of = [file = read(kTwoPaths)](std::uint16_t site) {
    std::vector<std::string> all;
    for (const env::Address& address : file.listens_at(SiteId{site})) all.push_back(env::to_string(address));
    return all;
  };
  EXPECT_THAT(of(0), ElementsAre("0.0.0.0:7400", "[fd00::1]:7500")) << "the first end is among every interface";
  EXPECT_THAT(of(1), ElementsAre("203.0.113.2:7400", "10.1.0.2:7400", "[fd00::2]:7500"));
  EXPECT_THAT(of(2), ElementsAre("0.0.0.0:7400"));
}

TEST(RunFile, SitesAndLinks) {
  const RunFile file = read(kThree);
  ASSERT_EQ(file.sites.size(), 3U);
  EXPECT_EQ(file.sites[0].address->port, 7400);
  EXPECT_EQ(file.batch_size(SiteId{0}), 4);
  EXPECT_EQ(file.batch_size(SiteId{1}), 6);
  EXPECT_EQ(file.sites[1].step_time, std::chrono::milliseconds(50));
  EXPECT_EQ(file.find_site("quincy"), SiteId{2});
  EXPECT_EQ(file.find_site("nowhere"), std::nullopt);
  const LinkSettings* link = file.find_link(SiteId{1}, SiteId{0});
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->paths[0].rate.bits_per_second, 100e6);
  EXPECT_EQ(link->paths[0].round_trip, std::chrono::microseconds(5488)) << "2 x 560 km x 4.90 us/km";
  EXPECT_EQ(link->paths[1].round_trip, std::chrono::milliseconds(10)) << "delay is one way";
  EXPECT_EQ(file.find_link(SiteId{0}, SiteId{2})->paths[0].round_trip, std::chrono::milliseconds(40)) << "rtt wins over km";
  EXPECT_EQ(file.find_link(SiteId{0}, SiteId{2})->paths[0].streams, 2);
  EXPECT_EQ(file.find_link(SiteId{1}, SiteId{2}), nullptr);
  EXPECT_EQ(file.sync.result_encoding, Encoding::bf16) << "as encoding, where it is not written";
}

TEST(RunFile, ResultsHaveEightBitsOrMoreUnlessTheFileSaysOtherwise) {
  const auto results = [](const std::vector<std::string>& keys) { return read(kThree, keys).sync.result_encoding; };
  EXPECT_EQ(results({"sync.encoding=f32"}), Encoding::f32);
  EXPECT_EQ(results({"sync.encoding=int8"}), Encoding::int8);
  EXPECT_EQ(results({"sync.encoding=fp4"}), Encoding::int8);
  EXPECT_EQ(results({"sync.encoding=fp4", "sync.result_encoding=fp4"}), Encoding::fp4);
  EXPECT_EQ(results({"sync.encoding=fp4", "sync.result_encoding=f32"}), Encoding::f32);
}

TEST(RunFile, CountsOfARun) {
  const RunFile file = read(kThree);
  EXPECT_EQ(file.tokens_per_step(), (4U + 6U + 4U) * 64U);
  EXPECT_EQ(file.num_steps(), 200U);
  EXPECT_EQ(file.steps_per_merge(), 10U);
  EXPECT_EQ(file.steps_of({.count = 1, .steps = false}), 1U) << "rounded up";
  EXPECT_EQ(file.steps_of({.count = 2 * 896, .steps = false}), 2U);
}

TEST(RunFile, NamesWhatIsNotUsed) {
  const RunFile file = read(kThree);
  EXPECT_THAT(file.unused,
              ElementsAre("site.columbus.power_cap (run.toml:23)", "link.ashburn-columbus.paths[0].risk (run.toml:28)",
                          "link.ashburn-columbus.paths[1] (run.toml:28): it names no addresses"));
}

TEST(RunFile, NamesKeysOfAdamWBesideSgd) {
  const std::string text = std::string(kShort) + "optimizer = \"sgd\"\nweight_decay = 0.1\nbeta2 = 0.9\n";
  EXPECT_THAT(read(text).unused,
              ElementsAre("train.weight_decay (run.toml:7): of adamw only", "train.beta2 (run.toml:8): of adamw only"));
}

TEST(RunFile, NamesKeysWithoutEffect) {
  const RunFile file = read(std::string(kShort) + "[sync]\nmethod = \"synchronous\"\nevery = 3\n");
  EXPECT_THAT(file.unused, ElementsAre("sync.every (run.toml:8): of diloco only"));
  EXPECT_EQ(file.steps_per_merge(), 1U);
}

TEST(RunFile, TheDesignsFileIsUnderstood) {
  const RunFile file = read(R"(
[run]
name = "three-states"
[train]
tokens = "20 M"
[sync]
method = "diloco"
target_utilisation = 0.98
[[site]]
name = "ashburn"
at = [39.04, -77.49]
accelerator = "H100"
count = 16384
power_cap = "30 MW"
[[site]]
name = "columbus"
power_cap = "caps/columbus.csv"
[[link]]
between = ["ashburn", "columbus"]
paths = [{ rate = "800 Gbit/s", km = 560, risk = ["I-70"] }, { rate = "400 Gbit/s", km = 710, from = 2027-03-01 }]
)");
  EXPECT_EQ(file.unused.size(), 9U);
}

TEST(RunFile, PathsStartAtTheFile) {
  const std::string text =
      std::string(kShort) + "[data]\ntrain = [\"a.txt\", \"/b/*.txt\", \"python-stdlib\"]\nvalidation = \"v\"\n";
  const RunFile file = read(text, {}, "some/where/run.toml");
  EXPECT_THAT(file.data.train, ElementsAre("some/where/a.txt", "/b/*.txt", "python-stdlib"));
  EXPECT_THAT(file.data.validation, ElementsAre("some/where/v"));
  EXPECT_EQ(file.folder, "some/where/");
  EXPECT_EQ(file.run.folder, "runs/first") << "the default stays in the working folder";
  const RunFile other = read(text, {"data.train=b.txt", "run.folder=state"}, "some/where/run.toml");
  EXPECT_THAT(other.data.train, ElementsAre("b.txt")) << "so does what the command line says";
  EXPECT_EQ(other.run.folder, "state");
}

TEST(RunFile, Overrides) {
  const RunFile file =
      read(kThree, {"sync.every=20", "site.columbus.local_batch_size=8", "train.tokens=300 steps", "run.name=other",
                    "link.columbus-ashburn.rate=\"10 Mbit/s\"", "data.train=[\"/x\", \"/y\"]"});
  EXPECT_EQ(file.sync.every, 20);
  EXPECT_EQ(file.batch_size(SiteId{1}), 8);
  EXPECT_EQ(file.num_steps(), 300U);
  EXPECT_EQ(file.run.name, "other");
  EXPECT_EQ(file.links[0].paths[0].rate.bits_per_second, 10e6);
  EXPECT_THAT(file.data.train, ElementsAre("/x", "/y"));
}

TEST(RunFile, OverridesMakeSectionsAndTheLocalSite) {
  const RunFile file = read(kShort, {"sync.method=synchronous", "site.local.local_batch_size=3"});
  EXPECT_EQ(file.sync.method, sync::Method::synchronous);
  EXPECT_EQ(file.batch_size(SiteId{0}), 3);
}

TEST(RunFile, AgreementHoldsWhatMustBeEqualAndNothingElse) {
  const std::string agreement = read(kThree).agreement();
  EXPECT_THAT(agreement, HasSubstr("sync.every = 10\n"));
  EXPECT_THAT(agreement, HasSubstr("train.tokens = 200 steps\n"));
  EXPECT_THAT(agreement, HasSubstr("run.store_wait = 10 min\n"));
  EXPECT_THAT(agreement, HasSubstr("run.lost_after = 3.00 s\n"));
  EXPECT_THAT(agreement, HasSubstr("site[1] = columbus\n"));
  EXPECT_THAT(agreement, HasSubstr("site.columbus.local_batch_size = 6\n"));
  EXPECT_THAT(agreement, HasSubstr("link.quincy-ashburn.paths[0].streams = 2\n"));
  for (const char* local :
       {"address", "device", "threads", "folder", "start_wait", "power_cap", "step_time", "data.train", "rate ="}) {
    EXPECT_THAT(agreement, Not(HasSubstr(local)));
  }
  EXPECT_EQ(agreement, read(kThree, {"train.threads=3", "site.quincy.address=\"q:1\"", "run.folder=/elsewhere"}).agreement());
  EXPECT_NE(agreement, read(kThree, {"sync.outer_lr=0.71"}).agreement());
  EXPECT_NE(agreement, read(kThree, {"train.lr=0.0010000000000000002"}).agreement()) << "every bit of a number counts";
}

TEST(RunFile, DataFromTheCommandLineIsTakenAsItIs) {
  const std::vector<std::string> paths = {"a b.txt", "quote\".txt", "\xff.txt"};
  const Result<RunFile> file =
      parse_run_file(std::string(kShort) + "[data]\ntrain = \"c\"\n", "here/run.toml", {}, no_files, paths);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->data.train, paths) << "and from the working folder";
  EXPECT_EQ(file->data.train_place, "--data a b.txt quote\".txt \xff.txt");
}

TEST(RunFile, TheTextsPlacesAreKeptForMessages) {
  const RunFile file = read(std::string(kShort) + "[data]\ntrain = \"c\"\nvalidation = \"d\"\n", {}, "here/run.toml");
  EXPECT_THAT(file.data.train, ElementsAre("here/c"));
  EXPECT_EQ(file.data.train_place, "here/run.toml:7");
  EXPECT_EQ(file.data.validation_place, "here/run.toml:8");
  EXPECT_EQ(read(kShort).data.train_place, "run.toml");
}

TEST(RunFile, AConfigurationFileOnTheCommandLineStartsAtTheWorkingFolder) {
  const auto read_json = [](const std::string& path) -> Result<std::string> {
    if (path != "config.json" && path != "/config.json") return no_files(path);
    return std::string(R"({"n_embd": 96, "n_head": 6})");
  };
  for (const char* assignment : {"model.config=config.json", "model.config=/config.json"}) {
    const Result<RunFile> file = parse_run_file(kShort, "here/run.toml", {assignment}, read_json);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->model.hidden_size, 96);
  }
}

TEST(RunFile, ModelFromAConfigurationFile) {
  const std::string text = std::string(kShort) + "[model]\nconfig = \"config.json\"\nnum_hidden_layers = 3\n";
  const auto read_json = [](const std::string& path) -> Result<std::string> {
    EXPECT_EQ(path, "here/config.json");
    return std::string(R"({"model_type": "gpt2", "n_embd": 96, "n_layer": 12, "n_head": 6, "n_positions": 128, "n_inner": null,
      "vocab_size": 50257, "resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1, "activation_function": "gelu_new"})");
  };
  const Result<RunFile> file = parse_run_file(text, "here/run.toml", {}, read_json);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->model.hidden_size, 96);
  EXPECT_EQ(file->model.num_hidden_layers, 3) << "what the run file says wins";
  EXPECT_EQ(file->model.max_position_embeddings, 128);
  EXPECT_EQ(file->model.intermediate_size, 384);
  EXPECT_EQ(file->model.vocab_size, 50257);
  EXPECT_EQ(file->model.dropout, 0.1);
  EXPECT_THAT(file->unused, ElementsAre("model.config activation_function (here/config.json:2)"));
}

}  // namespace
}  // namespace intertie::site
