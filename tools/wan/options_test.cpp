#include "tools/wan/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::wan {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(WanOptions, AllOfThem) {
  const Result<Options> options =
      parse_options({"--sites", "a,b,c", "--rtt", "80 ms", "--prefix", "x-", "--rate", "1Gbit/s", "--loss", "0.01%", "--queue",
                     "10ms", "--seed", "7", "--cc", "bbr", "--ipv6", "--paths", "2"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_THAT(options->sites, ElementsAre("a", "b", "c"));
  EXPECT_EQ(options->prefix, "x-");
  EXPECT_EQ(options->seed, 7U);
  EXPECT_EQ(options->congestion_control, "bbr");
  EXPECT_TRUE(options->ipv6);
  Pool pool;
  Lines lines = lines_of(*options, pool);
  EXPECT_EQ(lines.size().paths, 2U);
  const Line& line = lines.line({2, 1, 1});
  EXPECT_EQ(line.delay, milliseconds(40));
  EXPECT_DOUBLE_EQ(line.loss.share(), 0.0001);
  EXPECT_EQ(line.limiter.rate, BitRate{0}) << "the rate is that of the sites";
  EXPECT_EQ(lines.access(2, 1).up.rate, BitRate{1e9});
  EXPECT_EQ(lines.access(2, 1).down.queue, milliseconds(10));
}

TEST(WanOptions, WithoutThem) {
  const Result<Options> options = parse_options({"--sites", "a,b"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->congestion_control, "cubic");
  EXPECT_EQ(options->rate, BitRate{0});
  EXPECT_EQ(options->queue, milliseconds(25));
  EXPECT_FALSE(options->ipv6);
}

TEST(WanOptions, WhatIsWrongIsSaid) {
  const auto refusal = [](const std::vector<std::string>& words) {
    const Result<Options> options = parse_options(words);
    EXPECT_FALSE(options) << testing::PrintToString(words);
    return options ? "" : options.error().message();
  };
  EXPECT_THAT(refusal({}), HasSubstr("--sites needs 2 to 200 names"));
  EXPECT_THAT(refusal({"--sites"}), HasSubstr("no value for --sites; usage: wan --sites"));
  EXPECT_THAT(refusal({"--sites", "a,b", "--speed", "1"}), HasSubstr("no option --speed; usage:"));
  EXPECT_THAT(refusal({"--sites", "a,b", "--rtt", "5"}), HasSubstr("--rtt"));
  EXPECT_THAT(refusal({"--sites", "a,b", "--loss", "1"}), HasSubstr("write for example 0.01%"));
  EXPECT_THAT(refusal({"--sites", "a,a"}), HasSubstr("named twice"));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"--sites", "a"},
                                                                                     {"--sites", "a,,b"},
                                                                                     {"--sites", "a,b;rm"},
                                                                                     {"--sites", "a,b", "--rtt", "soon"},
                                                                                     {"--sites", "a,b", "--rtt", "-2ms"},
                                                                                     {"--sites", "a,b", "--rate", "fast"},
                                                                                     {"--sites", "a,b", "--paths", "0"},
                                                                                     {"--sites", "a,b", "--paths", "17"},
                                                                                     {"--sites", "a,b", "--seed", "-1"},
                                                                                     {"--sites", "a,b", "--cc", "a b"},
                                                                                     {"--sites", "a,b", "--prefix", "../"}}) {
    refusal(words);
  }
}

}  // namespace
}  // namespace intertie::wan
