// EventQueue: virtual time. Events run one after another; those of equal time in the order in which they were scheduled.
// Everything of the simulation happens inside an event, so one seed gives one order, and the trace proves it.
// Owner thread: the only one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "intertie/env/clock.h"

namespace intertie::env::sim {

// One life of a site, from its start to its kill. Events of a life that is over never run.
struct Life {
  std::string site;
  std::uint64_t number = 0;  // counts all lives of the world
  bool over = false;
  TimePoint paused_until{};  // its process stands still
};

class EventQueue {
 public:
  using Id = std::uint64_t;

  // Schedules `run` at `when` (now, if it has passed); `life` may be null for events of the world itself.
  Id at(TimePoint when, std::shared_ptr<const Life> life, std::function<void()> run);
  void cancel(Id id);
  // Runs the next event if its time is not after `limit`; false if there is none.
  bool step(TimePoint limit);
  // Drops every event, those too that the dropping schedules.
  void clear();
  // Moves the clock to `time` if that is later; no event may lie between.
  void pass_time_to(TimePoint time);

  TimePoint now() const { return now_; }
  // Mixes a value into the trace, so that two runs can be compared.
  void note(std::uint64_t value);
  std::uint64_t trace() const { return trace_; }
  std::uint64_t events_run() const { return events_run_; }

 private:
  struct Event {
    std::shared_ptr<const Life> life;
    std::function<void()> run;
  };
  using Key = std::pair<TimePoint, Id>;

  void watch_for_standstill(TimePoint when);

  TimePoint now_{std::chrono::hours(1)};
  std::map<Key, Event> events_;
  std::unordered_map<Id, TimePoint> times_;  // looked up only, never walked
  Id last_id_ = 0;
  std::uint64_t events_run_ = 0;
  std::uint64_t events_at_this_time_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace intertie::env::sim
