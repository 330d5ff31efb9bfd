#include "intertie/env/line.h"

#include <gtest/gtest.h>

#include <string>

#include "intertie/env/random.h"

namespace intertie::env {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart{1h};

SharedBytes bytes_of(std::size_t size, int fill = 0) { return SharedBytes(std::vector<std::byte>(size, std::byte(fill))); }

LinkProfile profile(double bits_per_second, Duration delay) { return {BitRate{bits_per_second}, delay}; }

// Advances from event to event, as a loop would, until nothing is left.
std::vector<Line::Arrival> drain(Line& line) {
  std::vector<Line::Arrival> all;
  while (const auto next = line.next_event()) {
    for (Line::Arrival& arrival : line.advance(*next).arrived) all.push_back(std::move(arrival));
  }
  return all;
}

std::size_t total(const std::vector<Line::Arrival>& arrivals) {
  std::size_t sum = 0;
  for (const Line::Arrival& arrival : arrivals) sum += arrival.bytes.size();
  return sum;
}

TEST(Line, DelayAndRateAreExactForOneSend) {
  Line line(profile(8e6, 20ms));  // 1 byte per microsecond
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(1000), kStart);
  const auto arrivals = drain(line);
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].at - kStart, 1ms + 20ms);
}

TEST(Line, RateIsExactOverManySendsAtRatesThatDoNotDivide) {
  for (const double rate : {20e6, 7e9, 800e9}) {
    Line line(profile(rate, 0ms));
    const Line::Stream stream = line.open(kStart);
    for (int i = 0; i < 5000; ++i) line.send(stream, bytes_of(12345), kStart);
    const auto arrivals = drain(line);
    ASSERT_EQ(total(arrivals), 5000u * 12345u);
    const double expected = 5000.0 * 12345 * 8e9 / rate;
    EXPECT_NEAR(static_cast<double>((arrivals.back().at - kStart).count()), expected, 2) << rate;
  }
}

TEST(Line, ALateCallerLosesNoCapacity) {
  Line line(profile(8e9, 1ms));  // 1 byte per nanosecond
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(1'000'000), kStart);
  const auto progress = line.advance(kStart + 1s);
  EXPECT_EQ(total(progress.arrived), 1'000'000u);
  EXPECT_EQ(progress.arrived.back().at - kStart, 1ms + 1ms);
}

TEST(Line, AnIdleLineEarnsNoCredit) {
  Line line(profile(8e9, 0ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(1000), kStart);
  drain(line);
  line.send(stream, bytes_of(1000), kStart + 1s);
  EXPECT_EQ(drain(line).back().at, kStart + 1s + 1us);
}

TEST(Line, UnlimitedRateOnlyDelays) {
  Line line(profile(0, 5ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(1'000'000), kStart);
  EXPECT_EQ(line.advance(kStart).arrived.size(), 0u);
  EXPECT_EQ(line.unsent(stream).value, 0u);
  EXPECT_EQ(total(line.advance(kStart + 5ms).arrived), 1'000'000u);
}

TEST(Line, UnsentCountsWhatHasNotDeparted) {
  Line line(profile(8e9, 100ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(3 * Line::kTurn), kStart);
  EXPECT_EQ(line.unsent(stream).value, 3 * Line::kTurn);
  const auto first = line.advance(kStart + Duration(Line::kTurn));
  EXPECT_EQ(line.unsent(stream).value, 2 * Line::kTurn);
  EXPECT_EQ(first.departed, std::vector<Line::Stream>{stream});
  EXPECT_TRUE(first.arrived.empty());
  line.advance(kStart + Duration(3 * Line::kTurn));
  EXPECT_EQ(line.unsent(stream).value, 0u);
}

TEST(Line, SaysHowAStreamDoes) {
  Line line(profile(8e6, 20ms));  // 1 byte per microlater
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(3 * Line::kTurn), kStart);
  const TimePoint later = kStart + Duration(3 * Line::kTurn * 1000);  // all three slices have left, one has arrived
  line.advance(later);
  EXPECT_EQ(line.sending(stream, later).acknowledged.value, Line::kTurn) << "16 ms and 20 ms after it began";
  EXPECT_EQ(line.sending(stream, later).in_flight.value, 2 * Line::kTurn);
  EXPECT_EQ(line.sending(stream, later).round_trip, 40ms);
  line.pause(later);
  EXPECT_EQ(line.sending(stream, later + 1s).in_flight.value, 2 * Line::kTurn);
  EXPECT_GT(line.sending(stream, later + 1s).silent, 1s);
  line.resume(later + 1s);
  drain(line);
  EXPECT_EQ(line.sending(stream, later + 2s).acknowledged.value, 3 * Line::kTurn);
  EXPECT_EQ(line.sending(stream, later + 2s).in_flight.value, 0U);
  line.drop(stream, later + 2s);
  EXPECT_EQ(line.sending(stream, later + 2s).acknowledged.value, 0U);
}

TEST(Line, ControlIsNotStuckBehindBulk) {
  Line line(profile(8e9, 0ms));
  const Line::Stream bulk = line.open(kStart);
  const Line::Stream control = line.open(kStart);
  line.send(bulk, bytes_of(10'000'000), kStart);
  line.send(control, bytes_of(100), kStart);
  for (const Line::Arrival& arrival : drain(line)) {
    if (arrival.stream == control) {
      EXPECT_EQ(arrival.at - kStart, Duration(Line::kTurn + 100));
    }
  }
}

TEST(Line, TwoStreamsShareFairlyWhateverTheSizeOfTheirSends) {
  Line line(profile(8e9, 0ms));
  const Line::Stream large = line.open(kStart);
  const Line::Stream small = line.open(kStart);
  line.send(large, bytes_of(2'000'000), kStart);
  for (int i = 0; i < 20'000; ++i) line.send(small, bytes_of(100), kStart);
  std::size_t from_large = 0, from_small = 0;
  for (const Line::Arrival& arrival : line.advance(kStart + Duration(1'000'000)).arrived)
    (arrival.stream == large ? from_large : from_small) += arrival.bytes.size();
  EXPECT_NEAR(static_cast<double>(from_large), static_cast<double>(from_small), 2.0 * Line::kTurn);
  EXPECT_NEAR(static_cast<double>(from_large + from_small), 1e6, Line::kTurn);
}

TEST(Line, OrderAndContentArePreservedPerStream) {
  Line line(profile(1e9, 3ms));
  Random random(7);
  std::vector<Line::Stream> streams;
  std::vector<std::string> sent(3), got(3);
  for (int i = 0; i < 3; ++i) streams.push_back(line.open(kStart));
  TimePoint now = kStart;
  const auto take = [&](const std::vector<Line::Arrival>& arrivals) {
    for (const Line::Arrival& arrival : arrivals)
      for (std::byte b : arrival.bytes.view()) got[arrival.stream.value - streams[0].value] += static_cast<char>(b);
  };
  for (int i = 0; i < 300; ++i) {
    const std::size_t which = random.below(3);
    std::vector<std::byte> bytes(random.below(40'000));
    for (std::byte& b : bytes) b = std::byte(random.below(256));
    for (std::byte b : bytes) sent[which] += static_cast<char>(b);
    line.send(streams[which], SharedBytes(std::move(bytes)), now);
    now += Duration(static_cast<std::int64_t>(random.below(200'000)));
    take(line.advance(now).arrived);
  }
  take(drain(line));
  EXPECT_EQ(got, sent);
}

TEST(Line, ArrivalsAreInOrderOfTime) {
  Line line(profile(1e6, 50ms));
  const Line::Stream a = line.open(kStart);
  const Line::Stream b = line.open(kStart);
  for (int i = 0; i < 20; ++i) line.send(i % 3 ? a : b, bytes_of(3000), kStart + i * 1ms);
  TimePoint last{};
  for (const Line::Arrival& arrival : drain(line)) {
    EXPECT_GE(arrival.at, last);
    last = arrival.at;
  }
}

TEST(Line, EndArrivesAfterTheBytes) {
  Line line(profile(8e6, 1ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(100), kStart);
  line.end(stream, kStart);
  EXPECT_FALSE(line.ended(stream));
  const auto arrivals = drain(line);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_TRUE(arrivals[1].end);
  EXPECT_EQ(arrivals[1].at - kStart, 100us + 1ms);
  EXPECT_TRUE(line.ended(stream));
}

TEST(Line, WhatIsSentAfterTheEndIsDropped) {
  Line line(profile(8e6, 1ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(100), kStart);
  line.end(stream, kStart);
  line.send(stream, bytes_of(100'000), kStart);
  line.end(stream, kStart);
  EXPECT_EQ(line.unsent(stream).value, 100u);
  const auto arrivals = drain(line);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_TRUE(arrivals[1].end);
}

TEST(Line, AbandonLosesWhatHasNotDepartedAndKeepsWhatFlies) {
  Line line(profile(8e9, 1ms));
  const Line::Stream stream = line.open(kStart);
  const Line::Stream other = line.open(kStart);
  line.send(stream, bytes_of(10 * Line::kTurn), kStart);
  line.send(other, bytes_of(100), kStart);
  const TimePoint half = kStart + Duration(Line::kTurn + Line::kTurn / 2);
  line.abandon(stream, half);
  EXPECT_EQ(line.unsent(stream).value, 0u);
  std::size_t from_stream = 0;
  bool ended = false, other_arrived = false;
  for (const Line::Arrival& arrival : drain(line)) {
    if (arrival.stream == stream && arrival.end) ended = true;
    if (arrival.stream == stream) from_stream += arrival.bytes.size();
    if (arrival.stream == other) other_arrived = true;
  }
  EXPECT_EQ(from_stream, Line::kTurn);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(other_arrived);
}

TEST(Line, DropForgetsBytesInFlight) {
  Line line(profile(8e9, 1ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(3 * Line::kTurn), kStart);
  line.advance(kStart + Duration(Line::kTurn));
  line.drop(stream, kStart + Duration(Line::kTurn));
  EXPECT_TRUE(drain(line).empty());
  EXPECT_EQ(line.unsent(stream).value, 0u);
}

TEST(Line, NothingPassesWhilePausedAndNothingIsLost) {
  Line line(profile(8e9, 1ms));
  const Line::Stream stream = line.open(kStart);
  line.send(stream, bytes_of(4 * Line::kTurn), kStart);
  const TimePoint cut = kStart + Duration(2 * Line::kTurn);
  line.pause(cut);
  line.send(stream, bytes_of(10), cut + 1s);
  EXPECT_FALSE(line.next_event());
  EXPECT_TRUE(line.advance(cut + 10s).arrived.empty());
  EXPECT_EQ(line.unsent(stream).value, 2 * Line::kTurn + 10);
  line.resume(cut + 10s);
  const auto arrivals = drain(line);
  EXPECT_EQ(total(arrivals), 4 * Line::kTurn + 10);
  EXPECT_EQ(arrivals.front().at, cut + 10s + 1ms);
  EXPECT_EQ(arrivals.back().at, cut + 10s + 1ms + Duration(2 * Line::kTurn + 10));
}

}  // namespace
}  // namespace intertie::env
