#include "intertie/links/climb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace intertie::links {
namespace {

using namespace std::chrono_literals;

// A line with a queue of 25 ms that drops what comes when it is full. What arrives is acknowledged a round trip later.
class Line {
 public:
  Line(double rate, Duration round_trip) : rate_(rate), round_trip_(round_trip), climb_(env::TimePoint{}, round_trip) {}

  // `paced`: how much of the pace the sender keeps.
  void run(Duration time, double paced = 1) {
    const env::TimePoint end = now_ + time;
    for (; now_ < end; now_ += kStep) {
      queue_ += climb_.pace().bits_per_second * paced * seconds_of(kStep);
      const double out = std::min(queue_, rate_ * seconds_of(kStep));
      queue_ -= out;
      if (queue_ > kQueue * rate_) {
        lost_ += queue_ - kQueue * rate_;
        queue_ = kQueue * rate_;
      }
      arrived_ += out / 8;
      on_their_way_.push_back({now_ + round_trip_, Bytes{static_cast<std::uint64_t>(arrived_)}});
      while (!on_their_way_.empty() && on_their_way_.front().at <= now_) {
        acknowledged_ = on_their_way_.front().bytes;
        on_their_way_.pop_front();
      }
      if (climb_.note({now_, acknowledged_})) paces.push_back(climb_.pace().bits_per_second);
    }
  }
  double goodput_since(Bytes before, Duration time) const {
    return 8 * static_cast<double>(acknowledged_.value - before.value) / seconds_of(time);
  }
  Bytes acknowledged() const { return acknowledged_; }
  double lost() const { return lost_ / 8; }
  void set_rate(double rate) { rate_ = rate; }

  std::vector<double> paces;

 private:
  static constexpr Duration kStep = 5ms;
  static constexpr double kQueue = 0.025;  // s
  double rate_;
  Duration round_trip_;
  Climb climb_;
  env::TimePoint now_{};
  double queue_ = 0, arrived_ = 0, lost_ = 0;
  std::deque<Delivered> on_their_way_;
  Bytes acknowledged_;
};

TEST(Climb, FillsALineAndLosesLittle) {
  for (const Duration round_trip : {1ms, 30ms, 80ms, 200ms}) {
    for (const double rate : {12e6, 235e6, 941e6, 37e9}) {
      SCOPED_TRACE(testing::Message() << rate << " bit/s, " << seconds_of(round_trip) << " s");
      Line line(rate, round_trip);
      line.run(Climb::takes(round_trip, BitRate{rate}) * 6 / 5 + 2 * round_trip + 200ms);
      EXPECT_GT(*std::max_element(line.paces.begin(), line.paces.end()), rate) << "it was full";
      const Bytes before = line.acknowledged();
      const double lost = line.lost();
      line.run(5s);
      EXPECT_GT(line.goodput_since(before, 5s), 0.95 * rate);
      // On a slow line what comes in lumps cannot be told from what is too much.
      EXPECT_LT(8 * (line.lost() - lost), (rate < 100e6 ? 0.08 : 0.02) * rate * 5);
    }
  }
}

TEST(Climb, APaceThatIsNotQuiteKeptIsNotALineThatIsFull) {
  Line line(941e6, 30ms);
  line.run(8s, 0.97);
  EXPECT_GT(line.paces.back(), 0.9 * 941e6);
}

TEST(Climb, FollowsALineThatIsFasterThanItSeemed) {
  Line line(20e6, 30ms);
  line.run(2s);
  EXPECT_LT(line.paces.back(), 24e6);
  line.set_rate(400e6);
  line.run(4s);
  EXPECT_GT(line.paces.back(), 350e6);
}

TEST(Climb, OneStageOfBadLuckUndoesLittle) {
  Line line(941e6, 30ms);
  line.run(5s);
  const double before = line.paces.back();
  line.run(90ms, 0);
  line.run(180ms);
  EXPECT_GT(line.paces.back(), 0.6 * before);
}

TEST(Climb, WhatDeliversNothingIsFilledLessAndLess) {
  Climb climb(env::TimePoint{}, 30ms);
  for (int i = 0; i < 10'000; ++i) climb.note({env::TimePoint{i * 10ms}, Bytes{0}});
  EXPECT_EQ(climb.pace().bits_per_second, Climb::kLeast.bits_per_second);
}

TEST(RateBetween, AStreamThatBeginsAnewIsNoRate) {
  EXPECT_EQ(rate_between({env::TimePoint{0ms}, Bytes{9000}}, {env::TimePoint{500ms}, Bytes{100}}).bits_per_second, 0);
  EXPECT_EQ(rate_between({env::TimePoint{5ms}, Bytes{0}}, {env::TimePoint{5ms}, Bytes{100}}).bits_per_second, 0);
  EXPECT_DOUBLE_EQ(rate_between({env::TimePoint{0ms}, Bytes{100}}, {env::TimePoint{500ms}, Bytes{600}}).bits_per_second, 8000);
}

}  // namespace
}  // namespace intertie::links
