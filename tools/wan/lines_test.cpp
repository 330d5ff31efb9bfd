#include "tools/wan/lines.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tools/wan/test_frames.h"

namespace intertie::wan {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Way kThere{0, 1, 0}, kBack{1, 0, 0};

Time at(int ms) { return Time{} + milliseconds(ms); }

class LinesTest : public testing::Test {
 protected:
  void send(const Way& way, const ByteList& bytes, Time now) {
    Frame read = pool_.take(kLongestFrame);
    std::copy(bytes.begin(), bytes.end(), read->room.begin());
    lines_.send(way, pool_.keep(read, bytes.size()), now);
  }
  void send(const Way& way, int value, Time now) {
    send(way, plain_frame(1500 - kWireOverhead, value), now);
  }  // 12 us at 1 Gbit/s
  // The bytes of the frame that is due; -1: none.
  int taken(Time now) {
    const auto due = lines_.take(now);
    return due ? std::to_integer<int>(due->frame->bytes()[kOffloadHeader]) : -1;
  }
  Line& there() { return lines_.line(kThere); }
  Line& back() { return lines_.line(kBack); }

  Pool pool_;
  Lines lines_{pool_, {.sites = 3, .paths = 2}, 1};
};

TEST_F(LinesTest, AFrameComesOutAfterTheDelayOfItsLine) {
  there().delay = milliseconds(40);
  lines_.line({0, 2, 0}).delay = milliseconds(10);
  EXPECT_FALSE(lines_.next());
  send(kThere, 1, at(0));
  send({0, 2, 0}, 2, at(5));
  EXPECT_EQ(lines_.next(), at(15));
  EXPECT_EQ(taken(at(14)), -1);
  {
    const auto second = lines_.take(at(17));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->way.to, 2U);
    EXPECT_EQ(second->late, milliseconds(2));
  }
  EXPECT_EQ(lines_.next(), at(40));
  EXPECT_EQ(taken(at(40)), 1);
  EXPECT_EQ(lines_.all_counts().frames, 2U);
  EXPECT_EQ(lines_.counts(kThere).bytes, 1500 - kWireOverhead);
  EXPECT_EQ(pool_.num_free(), pool_.num_slots());
}

TEST_F(LinesTest, FramesOfALineStayInOrder) {
  there().delay = milliseconds(40);
  send(kThere, 1, at(0));
  there().delay = milliseconds(1);
  send(kThere, 2, at(1));
  send(kThere, 3, at(1));
  EXPECT_EQ(taken(at(39)), -1);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(taken(at(40)), i);
}

TEST_F(LinesTest, JitterDelaysByAtMostItsTimeAndKeepsTheOrder) {
  there().delay = milliseconds(10);
  there().jitter = milliseconds(4);
  Duration least = milliseconds(100), most{0};
  for (int i = 0; i < 100; ++i) {
    send(kThere, i, at(20 * i));
    const Duration took = *lines_.next() - at(20 * i);
    least = std::min(least, took);
    most = std::max(most, took);
    EXPECT_EQ(taken(at(20 * i + 14)), i);
  }
  EXPECT_GE(least, milliseconds(10));
  EXPECT_LT(least, milliseconds(11));
  EXPECT_GT(most, milliseconds(13));
  for (int i = 0; i < 100; ++i) send(kThere, i, at(5000) + microseconds(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(taken(at(6000)), i);
}

TEST_F(LinesTest, ACutLosesWhatIsOnTheLineAndWhatComesAndNothingElse) {
  there().delay = back().delay = milliseconds(40);
  send(kThere, 1, at(0));
  send(kBack, 2, at(0));
  there().cut = true;
  send(kThere, 3, at(1));
  EXPECT_EQ(taken(at(100)), 2) << "one direction only";
  EXPECT_EQ(taken(at(100)), -1);
  EXPECT_EQ(lines_.counts(kThere).cut, 2U);
  there().cut = false;
  send(kThere, 4, at(100));
  EXPECT_EQ(taken(at(140)), 4);
  EXPECT_EQ(taken(at(200)), -1) << "what was lost stays lost";
  EXPECT_EQ(pool_.num_free(), pool_.num_slots());
}

TEST_F(LinesTest, WhatIsTooLargeVanishesInItsDirection) {
  there().largest = 100;
  send(kThere, plain_frame(101), at(0));
  EXPECT_FALSE(lines_.next());
  send(kThere, plain_frame(100), at(0));
  send(kBack, plain_frame(101), at(0));
  EXPECT_TRUE(lines_.take(at(0)) && lines_.take(at(0)));
  EXPECT_EQ(lines_.counts(kThere).lost, 1U);
  there().largest = 1400;
  send(kThere, tcp_frame({}), at(0));
  const auto end = lines_.take(at(0));
  ASSERT_TRUE(end) << "the shorter last packet fits";
  EXPECT_EQ(end->frame->packets.count, 1U);
  EXPECT_EQ(lines_.counts(kThere).lost, 1 + 6U);
}

// 12 us at each of the three limits, and none of them waits for the others' packets.
TEST_F(LinesTest, AFramePassesTheLimitsOfBothSitesAndOfTheLine) {
  lines_.access(0, 0).up.rate = {1e9};
  there().limiter.rate = {0.5e9};
  there().delay = milliseconds(5);
  lines_.access(1, 0).down.rate = {1e9};
  send(kThere, 1, at(0));
  const Time due = at(5) + microseconds(12 + 24 + 12);
  EXPECT_EQ(lines_.next(), due);
  EXPECT_EQ(taken(due - Duration(1)), -1);
  EXPECT_EQ(taken(due), 1);
  send({2, 0, 0}, 2, at(10));
  EXPECT_EQ(taken(at(10)), 2) << "their other directions, and other sites, have no limit";
  send({0, 1, 1}, 3, at(10));
  EXPECT_EQ(taken(at(10)), 3) << "nor has the other path";
}

// Two sites send at once to one: the second frame waits in the queue at the end, the rest of a third does not fit.
TEST_F(LinesTest, FramesForOneSiteWaitForEachOther) {
  Limiter& down = lines_.access(1, 0).down;
  down.rate = {1e9};
  down.queue = microseconds(30);
  send(kThere, 1, at(1));
  send({2, 1, 0}, 2, at(1));
  EXPECT_EQ(taken(at(1) + microseconds(12)), 1);
  EXPECT_EQ(taken(at(1) + microseconds(23)), -1);
  EXPECT_EQ(taken(at(1) + microseconds(24)), 2);
  for (int i = 0; i < 5; ++i) send(kThere, i, at(2));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(taken(at(3)), i);
  EXPECT_EQ(taken(at(3)), -1);
  EXPECT_EQ(lines_.counts(kThere).dropped_down, 2U);
}

TEST_F(LinesTest, AFullQueueDropsTheEndOfAFrame) {
  Limiter& up = lines_.access(0, 0).up;
  up.rate = {1e9};
  up.queue = microseconds(30);
  send(kThere, tcp_frame({}), at(0));
  const auto due = lines_.take(at(10));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->frame->packets.count, 3U);
  EXPECT_EQ(lines_.counts(kThere).dropped_up, 4U);
  EXPECT_EQ(lines_.counts(kThere).packets, 3U);
}

// Every packet of many frames is either delivered in its place or counted, and those delivered are the frames' own.
TEST_F(LinesTest, LossTakesSinglePacketsOutOfFrames) {
  there().loss.set(0.1);
  std::size_t packets = 0, bytes = 0;
  for (int i = 0; i < 300; ++i) {
    const TcpData data{.v6 = i % 2 == 0};
    const ByteList frame = tcp_frame(data);
    send(kThere, frame, at(i));
    std::size_t last = 0;
    while (const auto due = lines_.take(at(i))) {
      packets += due->frame->packets.count;
      bytes += due->frame->size - kOffloadHeader + (due->frame->packets.count - 1) * data.headers();
      const std::span sequence = due->frame->bytes().subspan(kOffloadHeader + data.ip_header() + 6, 2);
      const std::size_t begin =
          (std::to_integer<std::size_t>(sequence[0]) << 8U | std::to_integer<std::size_t>(sequence[1])) & 0xffffU;
      const std::size_t first = ((begin - 0xf000U) & 0xffffU) / 1448;
      EXPECT_GE(first, last);
      last = first + due->frame->packets.count;
    }
  }
  const Counts& counts = lines_.counts(kThere);
  EXPECT_EQ(packets + counts.lost, 300 * 7U);
  EXPECT_EQ(packets, counts.packets);
  EXPECT_NEAR(static_cast<double>(counts.lost), 210, 3 * 13.7);
  EXPECT_EQ(bytes, counts.bytes);
  EXPECT_EQ(pool_.num_free(), pool_.num_slots());
}

TEST_F(LinesTest, CountsBeginAnew) {
  send(kThere, 1, at(0));
  EXPECT_EQ(taken(at(0)), 1);
  EXPECT_EQ(lines_.all_counts().packets, 1U);
  lines_.forget_counts();
  EXPECT_EQ(lines_.all_counts().packets, 0U);
}

TEST(WanPool, GrowsNoFurtherThanWhatIsUnderWayAtOnce) {
  Pool pool;
  for (int i = 0; i < 100; ++i) {
    std::vector<Frame> frames;
    for (const std::size_t size : {100UL, 1500UL, 9000UL, 60000UL}) frames.push_back(pool.take(size));
    EXPECT_EQ(pool.num_free(), 0U);
  }
  EXPECT_EQ(pool.num_slots(), 4U);
  Frame read = pool.take(kLongestFrame);
  read->room[0] = std::byte(7);
  const std::byte* room = read->room.data();
  const Frame large = pool.keep(read, 30000);
  EXPECT_EQ(large->bytes().data(), room) << "not copied";
  EXPECT_NE(read->room.data(), room);
  read->room[0] = std::byte(8);
  const Frame small = pool.keep(read, 30);
  EXPECT_EQ(small->bytes()[0], std::byte(8));
  EXPECT_EQ(small->size, 30U);
}

}  // namespace
}  // namespace intertie::wan
