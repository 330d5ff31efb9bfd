#include "tools/wan/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::wan {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

const std::vector<std::string> kSites = {"ashburn", "columbus", "quincy"};

Lines changed(const std::vector<const char*>& commands) {
  Lines lines(kSites.size());
  for (const char* text : commands) {
    const Result<Command> command = parse_command(text, kSites);
    EXPECT_TRUE(command) << text;
    if (command) apply(*command, lines);
  }
  return lines;
}

TEST(WanCommands, CutsAndMendsBothWaysOrOne) {
  Lines lines = changed({"cut ashburn columbus", "cut ashburn quincy", "mend quincy ashburn", "cut-one-way columbus quincy"});
  EXPECT_TRUE(lines.line(0, 1).cut && lines.line(1, 0).cut);
  EXPECT_FALSE(lines.line(0, 2).cut || lines.line(2, 0).cut);
  EXPECT_TRUE(lines.line(1, 2).cut);
  EXPECT_FALSE(lines.line(2, 1).cut);
  lines = changed({"largest ashburn columbus 900"});
  EXPECT_EQ(lines.line(0, 1).largest, 900U);
  EXPECT_EQ(lines.line(1, 0).largest, 0U);
  lines = changed({"cut ashburn columbus", "mend-one-way ashburn columbus"});
  EXPECT_FALSE(lines.line(0, 1).cut);
  EXPECT_TRUE(lines.line(1, 0).cut);
}

TEST(WanCommands, ARoundTripIsHalfEachWay) {
  Lines lines = changed({"rtt ashburn quincy 80ms"});
  EXPECT_EQ(lines.line(0, 2).delay, milliseconds(40));
  EXPECT_EQ(lines.line(2, 0).delay, milliseconds(40));
  EXPECT_EQ(lines.line(0, 1).delay, milliseconds(0));
}

TEST(WanCommands, WhatIsNotUnderstood) {
  for (const char* text : {"", "cut", "cut ashburn", "cut ashburn ashburn", "cut ashburn austin", "cut ashburn columbus quincy",
                           "sever ashburn columbus", "rtt ashburn columbus", "rtt ashburn columbus fast",
                           "rtt ashburn columbus -1ms", "largest ashburn columbus -1", "largest ashburn columbus",
                           "largest ashburn columbus 9k", "quit now", "cut-one-wayx ashburn columbus"}) {
    EXPECT_FALSE(parse_command(text, kSites)) << text;
  }
  EXPECT_EQ(parse_command("quit", kSites)->kind, Command::Kind::quit);
  EXPECT_EQ(parse_command(" counts ", kSites)->kind, Command::Kind::counts);
}

TEST(WanCommands, Options) {
  const Result<Options> options = parse_options({"--sites", "a,b,c", "--rtt", "80 ms", "--prefix", "x-"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_THAT(options->sites, ElementsAre("a", "b", "c"));
  EXPECT_EQ(options->round_trip, milliseconds(80));
  EXPECT_EQ(options->prefix, "x-");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"--sites"},
                                                                                     {"--sites", "a"},
                                                                                     {"--sites", "a,a"},
                                                                                     {"--sites", "a,b;rm"},
                                                                                     {"--sites", "a,b", "--rtt", "soon"},
                                                                                     {"--sites", "a,b", "--rtt", "-2ms"},
                                                                                     {"--sites", "a,b", "--prefix", "../"},
                                                                                     {"--rate", "1"}}) {
    EXPECT_FALSE(parse_options(words));
  }
}

}  // namespace
}  // namespace intertie::wan
