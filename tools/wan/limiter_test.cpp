#include "tools/wan/limiter.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intertie::wan {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Packets kPacket{.last = 1500 - kWireOverhead};                                             // 12 us at 1 Gbit/s
constexpr Packets kFrame{.count = 10, .headers = 62, .payload = 1400, .last = 600 - kWireOverhead};  // 9 x 1500 + 600

Limiter gigabit() {
  Limiter limiter;
  limiter.rate = {1e9};
  return limiter;
}

TEST(WanLimiter, LeavesWhenTheLastByteIsSent) {
  Limiter limiter = gigabit();
  EXPECT_EQ(limiter.pass(kPacket, Time(milliseconds(1))).at, Time(milliseconds(1) + microseconds(12)));
  EXPECT_EQ(limiter.pass(kPacket, Time(milliseconds(1))).at, Time(milliseconds(1) + microseconds(24)));
  EXPECT_EQ(limiter.pass(kPacket, Time(milliseconds(2))).at, Time(milliseconds(2) + microseconds(12)));
  const Limiter::Passed passed = limiter.pass(kFrame, Time(milliseconds(3)));
  EXPECT_EQ(passed.packets, 10U);
  EXPECT_EQ(passed.at - Time(milliseconds(3)), Duration((9 * 1500 + 600) * 8));
}

TEST(WanLimiter, WithoutARateNothingWaits) {
  Limiter limiter;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.pass(kPacket, Time{}).at, Time{});
  EXPECT_EQ(limiter.time_of(kPacket, 1), Duration(0));
}

// With 120 us of queue, ten packets may wait and one is being sent.
TEST(WanLimiter, AFullQueueDropsPackets) {
  Limiter limiter = gigabit();
  limiter.queue = microseconds(120);
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += static_cast<int>(limiter.pass(kPacket, Time{}).packets);
  EXPECT_EQ(passed, 11);
  EXPECT_EQ(limiter.pass(kPacket, Time(microseconds(11))).packets, 0U);
  EXPECT_EQ(limiter.pass(kPacket, Time(microseconds(12))).packets, 1U);
}

TEST(WanLimiter, AFrameLosesItsEnd) {
  Limiter limiter = gigabit();
  limiter.queue = microseconds(120);
  EXPECT_EQ(limiter.pass(kFrame, Time{}).packets, 10U);
  const Limiter::Passed passed = limiter.pass(kFrame, Time{});
  EXPECT_EQ(passed.packets, 1U) << "112.8 us wait already";
  EXPECT_EQ(passed.at.time_since_epoch(), Duration((9 * 1500 + 600 + 1500) * 8));
}

// Offered three times its rate, it lets through its rate: to a packet and a queue.
TEST(WanLimiter, LetsThroughItsRate) {
  Limiter limiter = gigabit();
  Time last{};
  std::size_t passed = 0;
  for (int i = 0; i < 300'000; ++i) {
    const Limiter::Passed each = limiter.pass(kPacket, Time(microseconds(4) * i));
    passed += each.packets;
    if (each.packets > 0) last = each.at;
  }
  EXPECT_EQ(passed, static_cast<std::size_t>(last.time_since_epoch() / microseconds(12)));
  EXPECT_NEAR(static_cast<double>(passed), 100'000, 25'000.0 / 12 + 1);
}

std::size_t losses(Loss loss, std::size_t packets, std::size_t at_once) {
  std::size_t lost = 0;
  for (std::size_t seen = 0; seen < packets;) {
    const std::size_t through = loss.through(at_once);
    lost += through < at_once ? 1 : 0;
    seen += through < at_once ? through + 1 : at_once;
  }
  return lost;
}

TEST(WanLoss, AsManyAsAskedForHoweverTheyCome) {
  for (const double share : {0.0001, 0.01, 0.3}) {
    const double expected = share * 1e6;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const Loss loss(share, env::Random(seed));
      const auto one_by_one = static_cast<double>(losses(loss, 1'000'000, 1));
      EXPECT_NEAR(one_by_one, expected, 4 * std::sqrt(expected * (1 - share)));
      EXPECT_NEAR(static_cast<double>(losses(loss, 1'000'000, 45)), one_by_one, 1) << "the same ones";
    }
  }
}

TEST(WanLoss, NoneAndAll) {
  EXPECT_EQ(losses(Loss(0, env::Random(1)), 1000, 7), 0U);
  EXPECT_EQ(losses(Loss(1, env::Random(1)), 1000, 1), 1000U);
  Loss loss(0, env::Random(1));
  EXPECT_EQ(loss.through(9), 9U);
  loss.set(1);
  EXPECT_EQ(loss.through(9), 0U);
}

TEST(WanLoss, TheSeedDecides) {
  Loss one(0.1, env::Random(5)), same(0.1, env::Random(5)), other(0.1, env::Random(6));
  int differ = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t through = one.through(3);
    EXPECT_EQ(through, same.through(3));
    differ += through != other.through(3) ? 1 : 0;
  }
  EXPECT_GT(differ, 100);
}

}  // namespace
}  // namespace intertie::wan
