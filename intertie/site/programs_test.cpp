#include "intertie/site/programs.h"

#include <gtest/gtest.h>

namespace intertie::site {
namespace {

std::vector<std::string> after_first(std::vector<std::string> words) {
  words.erase(words.begin());
  return words;
}

TEST(Programs, ASiteCommandIsReadAsItWasWritten) {
  const SiteCommand command{.run_file = "run.toml",
                            .site = "ashburn",
                            .overrides = {"sync.every=10", "train.tokens=200 steps"},
                            .data = {"a b.txt", "\xff"},
                            .addresses = {{"127.0.0.1", 7400}, {"::1", 7401}},
                            .certificates = "here",
                            .local = true,
                            .resume = true,
                            .fresh = true,
                            .json = true,
                            .control = true,
                            .cut = {"columbus", "quincy"},
                            .die_at = "3:first-block",
                            .progress_every = std::chrono::milliseconds(1500)};
  ASSERT_EQ(command.arguments().front(), "site");
  const Result<SiteCommand> read = parse_site_command(after_first(command.arguments()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->arguments(), command.arguments());
  EXPECT_EQ(read->addresses, command.addresses);
  EXPECT_EQ(read->data, command.data);
  EXPECT_TRUE(read->local && read->resume && read->fresh && read->json && read->control);
  EXPECT_EQ(read->cut, command.cut);
  EXPECT_EQ(read->die_at, command.die_at);
  EXPECT_EQ(read->progress_every, command.progress_every);
}

TEST(Programs, ASampleCommandIsReadAsItWasWritten) {
  SampleCommand command;
  command.run_file = "run.toml";
  command.prompt = "-- def f(\n";
  command.temperature = 0.1 + 0.2;
  command.top_k = 5;
  command.seed = 1ULL << 63;
  const Result<SampleCommand> read = parse_sample_command(after_first(command.arguments()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->arguments(), command.arguments());
  EXPECT_EQ(read->temperature, command.temperature) << "every bit";
}

TEST(Programs, WrongArguments) {
  EXPECT_EQ(parse_site_command({"--site", "a"}).error().message(), "command line: no run file");
  EXPECT_EQ(parse_site_command({"run.toml"}).error().message(), "command line: no --site");
  EXPECT_EQ(parse_site_command({"run.toml", "--site"}).error().message(), "command line: --site needs a value");
  EXPECT_EQ(parse_site_command({"run.toml", "--sight", "a"}).error().message(), "command line: unknown argument --sight");
  EXPECT_EQ(parse_sample_command({"run.toml", "--tokens", "many"}).error().message(), "command line: many is no number");
  EXPECT_FALSE(parse_site_command({"run.toml", "--site", "a", "--address", "nowhere"}));
}

}  // namespace
}  // namespace intertie::site
