#include "intertie/env/sim/event_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace intertie::env::sim {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kForever = TimePoint::max();

TEST(EventQueue, RunsInOrderOfTimeThenOfScheduling) {
  EventQueue events;
  const TimePoint start = events.now();
  std::vector<int> order;
  events.at(start + 2ms, nullptr, [&] { order.push_back(3); });
  events.at(start + 1ms, nullptr, [&] { order.push_back(1); });
  events.at(start + 1ms, nullptr, [&] { order.push_back(2); });
  while (events.step(kForever)) {
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(events.now(), start + 2ms);
}

TEST(EventQueue, ThePastIsNow) {
  EventQueue events;
  const TimePoint start = events.now();
  events.at(start - 1h, nullptr, [] {});
  EXPECT_TRUE(events.step(kForever));
  EXPECT_EQ(events.now(), start);
}

TEST(EventQueue, CancelledEventsAndEventsOfDeadSitesDoNotRun) {
  EventQueue events;
  auto life = std::make_shared<Life>(Life{"ashburn", 1, false});
  int runs = 0;
  const auto id = events.at(events.now(), nullptr, [&] { runs += 1; });
  events.at(events.now(), life, [&] { runs += 10; });
  events.cancel(id);
  events.cancel(id);
  events.cancel(4711);
  life->over = true;
  while (events.step(kForever)) {
  }
  EXPECT_EQ(runs, 0);
}

TEST(EventQueue, StopsAtTheLimit) {
  EventQueue events;
  const TimePoint start = events.now();
  int runs = 0;
  events.at(start + 1ms, nullptr, [&] { ++runs; });
  events.at(start + 2ms, nullptr, [&] { ++runs; });
  while (events.step(start + 1ms)) {
  }
  EXPECT_EQ(runs, 1);
  events.pass_time_to(start + 1500us);
  EXPECT_EQ(events.now(), start + 1500us);
}

TEST(EventQueue, TraceTellsOrdersApart) {
  const auto trace_of = [](int first, int second) {
    EventQueue events;
    events.at(events.now() + first * 1ms, nullptr, [] {});
    events.at(events.now() + second * 1ms, nullptr, [] {});
    while (events.step(kForever)) {
    }
    return events.trace();
  };
  EXPECT_EQ(trace_of(1, 2), trace_of(1, 2));
  EXPECT_NE(trace_of(1, 2), trace_of(2, 1));
}

}  // namespace
}  // namespace intertie::env::sim
