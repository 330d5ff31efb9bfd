#include "tools/wan/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::wan {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class WanCommands : public testing::Test {
 protected:
  void tell(const std::vector<const char*>& commands) {
    for (const char* text : commands) {
      const Result<Command> command = parse_command(text, options_);
      ASSERT_TRUE(command) << text << ": " << command.error().message();
      apply(*command, lines_);
    }
  }
  std::string refusal(const char* text) {
    const Result<Command> command = parse_command(text, options_);
    EXPECT_FALSE(command) << text;
    return command ? "" : command.error().message();
  }
  Line& line(std::size_t from, std::size_t to, std::size_t path = 0) { return lines_.line({from, to, path}); }

  Options options_{.sites = {"ashburn", "columbus", "quincy"}, .paths = 2};
  Pool pool_;
  Lines lines_ = lines_of(options_, pool_);
};

TEST_F(WanCommands, CutsAndMendsBothWaysOrOne) {
  tell({"cut ashburn columbus", "cut ashburn quincy", "mend quincy ashburn", "cut-one-way columbus quincy"});
  EXPECT_TRUE(line(0, 1).cut && line(1, 0).cut);
  EXPECT_FALSE(line(0, 2).cut || line(2, 0).cut);
  EXPECT_TRUE(line(1, 2).cut);
  EXPECT_FALSE(line(2, 1).cut);
  tell({"mend-one-way ashburn columbus"});
  EXPECT_FALSE(line(0, 1).cut);
  EXPECT_TRUE(line(1, 0).cut);
}

TEST_F(WanCommands, OnePathOrAll) {
  tell({"cut ashburn columbus path 1"});
  EXPECT_FALSE(line(0, 1, 0).cut);
  EXPECT_TRUE(line(0, 1, 1).cut && line(1, 0, 1).cut);
  tell({"cut ashburn columbus", "access ashburn 700 Mbit/s path 0", "access ashburn 300Mbit/s path 1"});
  EXPECT_TRUE(line(0, 1, 0).cut);
  EXPECT_EQ(lines_.access(0, 0).up.rate, BitRate{7e8});
  EXPECT_EQ(lines_.access(0, 1).down.rate, BitRate{3e8});
}

TEST_F(WanCommands, ARoundTripIsHalfEachWayAndTheRestOneWay) {
  tell({"rtt ashburn quincy 80ms", "delay columbus quincy 7 ms", "jitter columbus quincy 2ms", "loss columbus quincy 0.5%",
        "rate columbus quincy 100Mbit/s", "largest columbus quincy 900"});
  EXPECT_EQ(line(0, 2).delay, milliseconds(40));
  EXPECT_EQ(line(2, 0).delay, milliseconds(40));
  EXPECT_EQ(line(0, 1).delay, milliseconds(0));
  EXPECT_EQ(line(1, 2).delay, milliseconds(7));
  EXPECT_EQ(line(1, 2).jitter, milliseconds(2));
  EXPECT_DOUBLE_EQ(line(1, 2).loss.share(), 0.005);
  EXPECT_EQ(line(1, 2).limiter.rate, BitRate{1e8});
  EXPECT_EQ(line(1, 2).largest, 900U);
  const Line& back = line(2, 1);
  EXPECT_TRUE(back.delay == Duration(0) && back.jitter == Duration(0) && back.loss.share() == 0 && back.largest == 0);
  EXPECT_EQ(back.limiter.rate, BitRate{0});
  tell({"rate columbus quincy off"});
  EXPECT_EQ(line(1, 2).limiter.rate, BitRate{0});
}

TEST_F(WanCommands, AccessUpAndDownAndQueues) {
  tell({"access ashburn 1Gbit/s", "access-up ashburn 100Mbit/s", "access-down quincy 250Mbit/s", "queue 40ms"});
  EXPECT_EQ(lines_.access(0, 0).up.rate, BitRate{1e8});
  EXPECT_EQ(lines_.access(0, 0).down.rate, BitRate{1e9});
  EXPECT_EQ(lines_.access(2, 1).up.rate, BitRate{0});
  EXPECT_EQ(lines_.access(2, 1).down.rate, BitRate{2.5e8});
  EXPECT_EQ(lines_.access(2, 1).down.queue, milliseconds(40));
  EXPECT_EQ(line(0, 1, 1).limiter.queue, milliseconds(40));
}

TEST_F(WanCommands, WhatIsNotUnderstoodIsAnsweredWithWhatWouldBe) {
  EXPECT_THAT(refusal("sever ashburn columbus"), HasSubstr("commands are cut, mend,"));
  EXPECT_THAT(refusal(""), HasSubstr("commands are"));
  EXPECT_THAT(refusal("cut ashburn"), HasSubstr("write: cut A B [path N]"));
  EXPECT_THAT(refusal("cut ashburn austin"), HasSubstr("no site austin; sites are ashburn, columbus, quincy"));
  EXPECT_THAT(refusal("cut ashburn ashburn"), HasSubstr("no line to itself"));
  EXPECT_THAT(refusal("cut ashburn columbus path 2"), HasSubstr("paths are 0 to 1"));
  EXPECT_THAT(refusal("rtt ashburn columbus fast"), HasSubstr("write: rtt A B 80ms [path N]"));
  EXPECT_THAT(refusal("access ashburn 250"), HasSubstr("write: access A 100Mbit/s [path N]"));
  for (const char* text :
       {"cut", "cut ashburn columbus quincy", "rtt ashburn columbus", "rtt ashburn columbus -1ms",
        "largest ashburn columbus -1", "largest ashburn columbus", "largest ashburn columbus 9k", "quit now",
        "loss ashburn columbus 1", "loss ashburn columbus 101%", "loss ashburn columbus -1%", "loss ashburn columbus x%",
        "access 1Gbit/s", "queue", "queue 5ms path 0", "cut-one-wayx ashburn columbus"}) {
    refusal(text);
  }
}

TEST_F(WanCommands, ForTheProgram) {
  EXPECT_EQ(parse_command("quit", options_)->kind, Command::Kind::quit);
  EXPECT_EQ(parse_command(" stats ", options_)->kind, Command::Kind::stats);
  EXPECT_EQ(parse_command("reset", options_)->kind, Command::Kind::reset);
}

}  // namespace
}  // namespace intertie::wan
