#include "intertie/env/real/real_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "intertie/env/real/real_worker.h"

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;

TEST(RealLoop, PostsRunInOrder) {
  RealLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) loop.post([&, i] { order.push_back(i); });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(RealLoop, TimersRunInOrderOfTimeAndNotBeforeIt) {
  RealLoop loop;
  std::vector<int> order;
  const TimePoint start = loop.now();
  TimePoint at;
  loop.call_after(3ms, [&] {
    order.push_back(2);
    at = loop.now();
    loop.stop();
  });
  loop.call_after(1ms, [&] { order.push_back(1); });
  loop.call_at(start - 1h, [&] { order.push_back(0); });
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_GE(at - start, 3ms);
}

TEST(RealLoop, ACancelledTimerDoesNotRunEvenWhenItIsDue) {
  RealLoop loop;
  int runs = 0;
  TimerId second;
  const TimePoint when = loop.now() + 1ms;
  const TimerId first = loop.call_at(when, [&] {
    ++runs;
    loop.cancel(second);
  });
  second = loop.call_at(when, [&] { ++runs; });
  loop.cancel(TimerId{});
  loop.call_at(when + 2ms, [&] { loop.stop(); });
  std::this_thread::sleep_until(when);  // both are due before the loop runs
  loop.run();
  EXPECT_EQ(runs, 1);
  loop.cancel(first);
}

TEST(RealLoop, DroppedTasksMayCancelTimers) {
  auto loop = std::make_unique<RealLoop>();
  const TimerId timer = loop->call_after(1h, [] {});
  const auto cancels = std::shared_ptr<int>(new int(0), [&loop, timer](int* number) {
    loop->cancel(timer);
    delete number;
  });
  loop->post([keep = cancels] {});
  loop->call_after(1h, [keep = cancels] {});
  EXPECT_EQ(cancels.use_count(), 3);
}

TEST(RealLoop, TakesPostsFromOtherThreads) {
  RealLoop loop;
  int runs = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        loop.post([&] {
          if (++runs == 1000) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 1000);
}

TEST(RealWorker, WorksInOrderOnAThreadOfItsOwnAndReportsOnTheLoop) {
  RealLoop loop;
  std::vector<int> worked, done;
  std::thread::id worker_thread;
  {
    RealWorker worker(loop);
    for (int i = 0; i < 3; ++i) {
      worker.run(
          [&, i] {
            worked.push_back(i);
            worker_thread = std::this_thread::get_id();
          },
          [&, i] {
            done.push_back(i);
            if (i == 2) loop.stop();
          });
    }
    loop.run();
  }
  EXPECT_EQ(worked, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2}));
  EXPECT_NE(worker_thread, std::this_thread::get_id());
}

TEST(RealWorker, ItsDestructorFinishesWhatWasQueued) {
  RealLoop loop;
  std::atomic<int> worked = 0;
  {
    RealWorker worker(loop);
    for (int i = 0; i < 20; ++i) worker.run([&] { ++worked; }, [] {});
  }
  EXPECT_EQ(worked, 20);
}

}  // namespace
}  // namespace intertie::env::real
