#include "intertie/env/real/emulated_line.h"

#include <algorithm>
#include <utility>

namespace intertie::env::real {
namespace {
// Fast lines would have a timer every few microseconds; this is as exact as the timers of the system are.
constexpr Duration kLeastSleep = std::chrono::microseconds(100);
}  // namespace

void EmulatedLine::add(const std::shared_ptr<EmulatedStream>& stream) {
  stream->on_line = line_.open(loop_.now());
  streams_.emplace(stream->on_line, stream);
}

void EmulatedLine::remove(EmulatedStream& stream) {
  line_.drop(stream.on_line, loop_.now());
  streams_.erase(stream.on_line);
  arm();
}

void EmulatedLine::send(EmulatedStream& stream, SharedBytes bytes) {
  if (!stream.open || line_.ended(stream.on_line)) return;
  line_.send(stream.on_line, std::move(bytes), loop_.now());
  hand_on_at_once();
  stream.low_mark.rose(unsent(stream));
  arm();
}

void EmulatedLine::end(EmulatedStream& stream) {
  if (!stream.open || line_.ended(stream.on_line)) return;
  line_.end(stream.on_line, loop_.now());
  hand_on_at_once();
  arm();
}

Bytes EmulatedLine::unsent(const EmulatedStream& stream) const {
  return stream.open ? line_.unsent(stream.on_line) + stream.inner->unsent() : Bytes{};
}

void EmulatedLine::look_for_drained(const std::shared_ptr<EmulatedStream>& stream) const {
  if (stream->open && stream->low_mark.fell(unsent(*stream)) && stream->handlers.drained) stream->handlers.drained();
}

std::shared_ptr<EmulatedStream> EmulatedLine::find(Line::Stream stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.lock();
}

void EmulatedLine::arm() {
  const auto next = line_.next_event();
  if (wake_at_ && next && *wake_at_ <= *next) return;
  loop_.cancel(timer_);
  wake_at_ = next;
  if (!next) return;
  timer_ = loop_.call_at(std::max(*next, loop_.now() + kLeastSleep), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

void EmulatedLine::wake() {
  wake_at_.reset();
  for (const Line::Stream departed : hand_on()) {
    if (const auto stream = find(departed)) look_for_drained(stream);
  }
  arm();
}

// Nobody is told that bytes have departed: whoever sent them just now asks, or hears of it when the real socket has them.
void EmulatedLine::hand_on_at_once() {
  if (profile().rate.bits_per_second <= 0 && profile().delay == Duration{0}) hand_on();
}

std::vector<Line::Stream> EmulatedLine::hand_on() {
  Line::Progress progress = line_.advance(loop_.now());
  for (const Line::Arrival& arrival : progress.arrived) {
    const auto stream = find(arrival.stream);
    if (!stream || !stream->open) continue;
    arrival.end ? stream->inner->close_after_sending() : stream->inner->send(arrival.bytes);
  }
  return std::move(progress.departed);
}

void EmulatedLine::cut() {
  cut_ = true;
  line_.pause(loop_.now());
  arm();
}

void EmulatedLine::mend() {
  if (!std::exchange(cut_, false)) return;
  line_.resume(loop_.now());
  for (const auto& task : std::exchange(waiting_, {})) task();
  wake();
}

void EmulatedLine::get_through(std::function<void()> task) {
  if (!cut_) return task();
  waiting_.push_back(std::move(task));
}

}  // namespace intertie::env::real
