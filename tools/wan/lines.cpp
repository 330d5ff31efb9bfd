#include "tools/wan/lines.h"

#include <algorithm>
#include <utility>

namespace intertie::wan {

Counts& Counts::operator+=(const Counts& other) {
  frames += other.frames;
  packets += other.packets;
  bytes += other.bytes;
  lost += other.lost;
  cut += other.cut;
  dropped_up += other.dropped_up;
  dropped += other.dropped;
  dropped_down += other.dropped_down;
  return *this;
}

Lines::Lines(Pool& pool, Size size, std::uint64_t seed)
    : pool_(&pool), size_(size), lines_(size.paths * size.sites * size.sites), accesses_(size.paths * size.sites) {
  for (std::size_t path = 0; path < size.paths; ++path) {
    for (std::size_t from = 0; from < size.sites; ++from) {
      for (std::size_t to = 0; to < size.sites; ++to) {
        const Way way{from, to, path};
        const env::Random random = env::Random(seed).fork(index(way));
        State& state = lines_[index(way)];
        state.way = way;
        state.line.loss = Loss(0, random.fork(1));
        state.random = random.fork(2);
      }
    }
  }
}

void Lines::send(const Way& way, Frame frame, Time now) {
  State& state = lines_[index(way)];
  Line& line = state.line;
  frame->line = index(way);
  Time at = now;
  frame = pass(access(way.from, way.path).up, std::move(frame), at, line.counts.dropped_up);
  if (frame && line.cut) line.counts.cut += std::exchange(frame, nullptr)->packets.count;
  if (frame && line.largest > 0) frame = without_large(line, std::move(frame));
  if (frame) frame = pass(line.limiter, std::move(frame), at, line.counts.dropped);
  if (frame) enter(state, std::move(frame), at);
}

std::optional<Time> Lines::next() const { return moving_.empty() ? std::nullopt : std::optional(moving_.front().due); }

std::optional<Lines::Due> Lines::take(Time now) {
  while (!moving_.empty() && moving_.front().due <= now) {
    std::pop_heap(moving_.begin(), moving_.end());
    Time due = moving_.back().due;
    Frame frame = std::move(moving_.back().frame);
    moving_.pop_back();
    if (!frame->arrived) {
      frame = arrive(std::move(frame), due);
      if (frame && due > now) push(due, std::exchange(frame, nullptr));
      if (!frame) continue;
    }
    State& state = lines_[frame->line];
    ++state.line.counts.frames;
    state.line.counts.packets += frame->packets.count;
    state.line.counts.bytes += frame->packets.on_wire(frame->packets.count) - frame->packets.count * kWireOverhead;
    return Due{state.way, std::move(frame), now - due};
  }
  return std::nullopt;
}

Counts Lines::all_counts() const {
  Counts sum;
  for (const State& each : lines_) sum += each.line.counts;
  return sum;
}

void Lines::forget_counts() {
  for (State& each : lines_) each.line.counts = {};
}

void Lines::push(Time due, Frame frame) {
  moving_.push_back({due, num_pushed_++, std::move(frame)});
  std::push_heap(moving_.begin(), moving_.end());
}

Frame Lines::part(const Slot& frame, std::size_t first, std::size_t number) {
  if (number == 0) return nullptr;
  Frame cut = pool_->take(frame.size);
  cut->size = cut_out(frame.bytes(), frame.packets, first, number, cut->room);
  cut->packets = packets_in(cut->bytes());
  cut->line = frame.line;
  return cut;
}

// `time` becomes that at which what is let through has left; null: nothing was.
Frame Lines::pass(Limiter& limiter, Frame frame, Time& time, std::uint64_t& dropped) {
  const Limiter::Passed passed = limiter.pass(frame->packets, time);
  dropped += frame->packets.count - passed.packets;
  time = passed.at;
  return passed.packets == frame->packets.count ? std::move(frame) : part(*frame, 0, passed.packets);
}

// Of a frame's packets only the last can be smaller than the others.
Frame Lines::without_large(Line& line, Frame frame) {
  const Packets& packets = frame->packets;
  if (packets.full() <= line.largest) return frame;
  const bool last_fits = packets.last <= line.largest;
  line.counts.lost += packets.count - (last_fits ? 1 : 0);
  return last_fits ? part(*frame, packets.count - 1, 1) : nullptr;
}

// It goes into the last queue only when it would have left it if that is empty, which mostly it is: then it is due at once.
// (Frames from several sites enter there in the order in which they can have come in whole.)
void Lines::enter(State& state, Frame frame, Time at) {
  Line& line = state.line;
  const Limiter& down = access(state.way.to, state.way.path).down;
  const auto put = [&](Frame each) {
    const auto jitter = Duration(static_cast<std::int64_t>(state.random.uniform() * static_cast<double>(line.jitter.count())));
    each->arrives = state.last_arrival = std::max(state.last_arrival, at + line.delay + jitter);
    state.last_due = std::max(state.last_due, each->arrives + down.time_of(each->packets, each->packets.count));
    push(state.last_due, std::move(each));
  };
  const std::size_t count = frame->packets.count;
  std::size_t through = line.loss.through(count);
  if (through == count) return put(std::move(frame));
  for (std::size_t first = 0; first < count; first += through + 1) {
    if (first > 0) through = line.loss.through(count - first);
    line.counts.lost += first + through < count ? 1 : 0;
    if (through > 0) put(part(*frame, first, through));
  }
}

// Through the queue of the site it is for; `due` becomes the time at which it is. Null: it does not get there.
Frame Lines::arrive(Frame frame, Time& due) {
  State& state = lines_[frame->line];
  if (state.line.cut) {
    state.line.counts.cut += frame->packets.count;
    return nullptr;
  }
  Limiter& down = access(state.way.to, state.way.path).down;
  due = down.rate.bits_per_second > 0 ? frame->arrives : due;
  frame = pass(down, std::move(frame), due, state.line.counts.dropped_down);
  if (frame) frame->arrived = true;
  return frame;
}

}  // namespace intertie::wan
