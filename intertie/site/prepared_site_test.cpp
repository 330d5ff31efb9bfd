#include "intertie/site/prepared_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/env/real/cores.h"
#include "intertie/env/sim/memory_disk.h"

namespace intertie::site {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRunFile = R"([run]
name = "r"
seed = 7
[model]
kind = "toy"
toy_elements = 1000
[data]
train = "text.txt"
[train]
tokens = "20 steps"
local_batch_size = 2
[[site]]
name = "a"
address = "a.example:7400"
[[site]]
name = "b"
address = "b.example:7401"
local_batch_size = 3
device = "cuda"
[[site]]
name = "c"
address = "c.example:7402"
[[link]]
between = ["a", "b"]
paths = [{ streams = 5 }]
)";

class PreparedSites : public ::testing::Test {
 protected:
  PreparedSites() {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "word " + std::to_string(i) + "\n";
    write("text.txt", text);
    write("run.toml", kRunFile);
    command_.run_file = "run.toml";
    command_.site = "b";
  }
  void write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(disk_.write_atomically(name, std::as_bytes(std::span(text))));
  }
  // With its text and a model of the toy problem.
  PreparedSite whole() {
    auto site = prepare_site(command_, disk_);
    EXPECT_TRUE(site) << site.error().message();
    EXPECT_TRUE(open_data(*site, disk_));
    EXPECT_TRUE(open_model(*site, make_toy_only));
    return std::move(*site);
  }

  env::sim::MemoryDisk disk_;
  SiteCommand command_;
};

TEST_F(PreparedSites, ASiteThatTheRunFileDoesNotHaveIsRefusedWithThoseItHas) {
  command_.site = "d";
  EXPECT_THAT(prepare_site(command_, disk_).error().message(), AllOf(HasSubstr("no site \"d\""), HasSubstr("a, b, c")));
}

TEST_F(PreparedSites, EverySiteNeedsAnAddressUnlessTheLauncherGivesThem) {
  EXPECT_EQ(prepare_site(command_, disk_)->addresses[2], (env::Address{"c.example", 7402}));
  write("run.toml", kRunFile + std::string("[[site]]\nname = \"d\"\n"));
  EXPECT_THAT(prepare_site(command_, disk_).error().message(), HasSubstr("site \"d\" has no address"));
  command_.addresses = {{"127.0.0.1", 1}, {"127.0.0.1", 2}, {"127.0.0.1", 3}, {"127.0.0.1", 4}};
  EXPECT_EQ(prepare_site(command_, disk_)->addresses, command_.addresses);
}

TEST_F(PreparedSites, SitesOfOneMachineShareItsCores) {
  const int cores = env::real::available_cores();
  EXPECT_EQ(prepare_site(command_, disk_)->threads, cores);
  command_.local = true;
  EXPECT_EQ(prepare_site(command_, disk_)->threads, std::max(1, cores / 3));
  command_.overrides = {"train.threads=5"};
  EXPECT_EQ(prepare_site(command_, disk_)->threads, 5);
}

TEST_F(PreparedSites, TheCommandSaysWhereTheCertificatesAre) {
  EXPECT_EQ(prepare_site(command_, disk_)->certificates, "runs/r/certificates");
  command_.certificates = "elsewhere";
  EXPECT_EQ(prepare_site(command_, disk_)->certificates, "elsewhere");
}

TEST_F(PreparedSites, ThePlanOfADeathIsRead) {
  EXPECT_FALSE(prepare_site(command_, disk_)->dies_at);
  command_.die_at = "8:all-sent";
  EXPECT_TRUE(prepare_site(command_, disk_)->dies_at);
  command_.die_at = "8:nowhere";
  EXPECT_FALSE(prepare_site(command_, disk_));
}

TEST_F(PreparedSites, TheModelIsAskedForAsTheRunFileSays) {
  std::optional<ModelRequest> asked;
  auto site = prepare_site(command_, disk_);
  ASSERT_TRUE(site && open_data(*site, disk_));
  EXPECT_TRUE(open_model(*site, [&](const ModelRequest& request) {
    asked = request;
    return make_toy_only(request);
  }));
  EXPECT_EQ(asked->device, "cuda");
  EXPECT_EQ(asked->seed, 7U);
  EXPECT_EQ(asked->site, SiteId{1});
  EXPECT_EQ(asked->model.vocab_size, site->data->corpus.tokenizer.vocabulary_size());
  EXPECT_FALSE(make_toy_only({.model = {.kind = "gpt2"}, .device = {}, .precision = {}}));
}

TEST_F(PreparedSites, TheRunIsOfAllSitesAndListensWhereTheRunFileSays) {
  command_.resume = true;
  sync::RunSettings settings = run_settings(whole(), command_);
  EXPECT_EQ(settings.self, SiteId{1});
  EXPECT_THAT(settings.site_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(settings.batch_sizes, ElementsAre(2, 3, 2));
  const std::uint16_t usual = PathSettings{}.streams;
  std::vector<std::uint16_t> streams;
  for (const auto& paths : settings.paths) streams.push_back(paths.at(0).num_merge_streams);
  EXPECT_THAT(streams, ElementsAre(5, usual, usual));
  EXPECT_THAT(settings.listen, ElementsAre(env::Address{"0.0.0.0", 7401}));
  EXPECT_TRUE(settings.resume);
  EXPECT_EQ(settings.agreement, hash_text(settings.agreement_text));
  command_.addresses = settings.addresses;
  command_.progress_every = std::chrono::seconds(3);
  settings = run_settings(whole(), command_);
  EXPECT_TRUE(settings.listen.empty()) << "where the launcher says that it is";
  EXPECT_EQ(settings.progress_every, std::chrono::seconds(3));
}

TEST_F(PreparedSites, TheFirstEventSaysWhatRuns) {
  const Event event = started_event(whole(), true);
  EXPECT_EQ(event.name, "run.started");
  const auto field = [&](const std::string& name) {
    return std::find_if(event.fields.begin(), event.fields.end(), [&](const auto& each) { return each.first == name; })->second;
  };
  EXPECT_EQ(field("num_sites"), Event::Value(std::int64_t{3}));
  EXPECT_EQ(field("num_steps"), Event::Value(std::int64_t{20}));
  EXPECT_EQ(field("num_parameters"), Event::Value(std::int64_t{1000}));
  EXPECT_EQ(field("emulated"), Event::Value(true));
  EXPECT_EQ(field("paced"), Event::Value(false));
}

}  // namespace
}  // namespace intertie::site
