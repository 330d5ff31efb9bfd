#include "intertie/env/sim/event_queue.h"

#include <algorithm>

#include "intertie/base/check.h"
#include "intertie/env/random.h"

namespace intertie::env::sim {

EventQueue::Id EventQueue::at(TimePoint when, std::shared_ptr<const Life> life, std::function<void()> run) {
  const Id id = ++last_id_;
  const TimePoint time = std::max(when, now_);
  events_.emplace(Key{time, id}, Event{std::move(life), std::move(run)});
  times_.emplace(id, time);
  return id;
}

void EventQueue::cancel(Id id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  events_.erase(Key{found->second, id});
  times_.erase(found);
}

bool EventQueue::step(TimePoint limit) {
  if (events_.empty() || events_.begin()->first.first > limit) return false;
  auto node = events_.extract(events_.begin());
  const auto [when, id] = node.key();
  if (const Life* life = node.mapped().life.get(); life && !life->over && life->paused_until > when) {
    now_ = when;
    const TimePoint later = life->paused_until;
    events_.emplace(Key{later, id}, std::move(node.mapped()));
    times_[id] = later;
    return true;
  }
  times_.erase(id);
  watch_for_standstill(when);
  now_ = when;
  const Event& event = node.mapped();
  if (event.life && event.life->over) return true;
  ++events_run_;
  note(static_cast<std::uint64_t>(when.time_since_epoch().count()));
  note(id);
  note(event.life ? event.life->number : 0);
  event.run();
  return true;
}

void EventQueue::clear() {
  while (!events_.empty()) {
    times_.clear();
    std::map<Key, Event>().swap(events_);
  }
}

void EventQueue::pass_time_to(TimePoint time) {
  INTERTIE_CHECK(events_.empty() || events_.begin()->first.first >= time || time <= now_);
  now_ = std::max(now_, time);
}

void EventQueue::note(std::uint64_t value) { trace_ = mix(trace_ ^ value); }

// A program that keeps scheduling work for "now" would otherwise spin for ever without a word.
void EventQueue::watch_for_standstill(TimePoint when) {
  constexpr std::uint64_t kMost = 20'000'000;
  events_at_this_time_ = when == now_ ? events_at_this_time_ + 1 : 0;
  INTERTIE_CHECK_LT(events_at_this_time_, kMost);
}

}  // namespace intertie::env::sim
