#include "tools/wan/lines.h"

#include <gtest/gtest.h>

namespace intertie::wan {
namespace {

using std::chrono::milliseconds;

Time at(int ms) { return Time{} + milliseconds(ms); }

Frame frame(int value) { return {std::byte(value)}; }

// The first byte of the frame that is due; -1: none.
int taken(Lines& lines, Time now) {
  const auto due = lines.take(now);
  return due ? std::to_integer<int>(due->frame.at(0)) : -1;
}

TEST(Lines, AFrameComesOutAfterTheDelayOfItsLine) {
  Lines lines(3);
  lines.line(0, 1).delay = milliseconds(40);
  lines.line(0, 2).delay = milliseconds(10);
  EXPECT_FALSE(lines.next());
  lines.send(0, 1, frame(1), at(0));
  lines.send(0, 2, frame(2), at(5));
  EXPECT_EQ(lines.next(), at(15));
  EXPECT_EQ(taken(lines, at(14)), -1);
  const auto second = lines.take(at(17));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->to, 2U);
  EXPECT_EQ(second->late, milliseconds(2));
  EXPECT_EQ(lines.next(), at(40));
  EXPECT_EQ(taken(lines, at(40)), 1);
  EXPECT_EQ(lines.counts().frames, 2U);
  EXPECT_EQ(lines.counts().bytes, 2U);
}

TEST(Lines, FramesOfALineStayInOrder) {
  Lines lines(2);
  lines.line(0, 1).delay = milliseconds(40);
  lines.send(0, 1, frame(1), at(0));
  lines.line(0, 1).delay = milliseconds(1);
  lines.send(0, 1, frame(2), at(1));
  lines.send(0, 1, frame(3), at(1));
  EXPECT_EQ(taken(lines, at(39)), -1);
  EXPECT_EQ(taken(lines, at(40)), 1);
  EXPECT_EQ(taken(lines, at(40)), 2);
  EXPECT_EQ(taken(lines, at(40)), 3);
}

TEST(Lines, ACutLosesWhatIsOnTheLineAndWhatComesAndNothingElse) {
  Lines lines(2);
  lines.line(0, 1).delay = lines.line(1, 0).delay = milliseconds(40);
  lines.send(0, 1, frame(1), at(0));
  lines.send(1, 0, frame(2), at(0));
  lines.line(0, 1).cut = true;
  lines.send(0, 1, frame(3), at(1));
  EXPECT_EQ(taken(lines, at(100)), 2) << "one direction only";
  EXPECT_EQ(taken(lines, at(100)), -1);
  EXPECT_EQ(lines.counts().lost, 2U);
  lines.line(0, 1).cut = false;
  lines.send(0, 1, frame(4), at(100));
  EXPECT_EQ(taken(lines, at(140)), 4);
  EXPECT_EQ(taken(lines, at(200)), -1) << "what was lost stays lost";
}

TEST(Lines, WhatIsTooLargeVanishesInItsDirection) {
  Lines lines(2);
  lines.line(0, 1).largest = 100;
  lines.send(0, 1, Frame(101), at(0));
  EXPECT_FALSE(lines.next());
  lines.send(0, 1, Frame(100), at(0));
  lines.send(1, 0, Frame(101), at(0));
  EXPECT_TRUE(lines.take(at(0)) && lines.take(at(0)));
  EXPECT_EQ(lines.counts().lost, 1U);
}

}  // namespace
}  // namespace intertie::wan
