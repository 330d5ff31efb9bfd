#include "intertie/env/line.h"

#include <algorithm>

#include "intertie/base/check.h"

namespace intertie::env {

Line::Stream Line::open(TimePoint now) {
  const Stream stream{++last_stream_};
  streams_[stream].arrived_at = now;
  return stream;
}

void Line::send(Stream stream, SharedBytes bytes, TimePoint now) {
  if (bytes.empty()) return;
  enqueue(stream, {std::move(bytes), false}, now);
}

void Line::end(Stream stream, TimePoint now) { enqueue(stream, {{}, true}, now); }

void Line::enqueue(Stream stream, Segment segment, TimePoint now) {
  serve(now);
  const auto found = streams_.find(stream);
  INTERTIE_CHECK(found != streams_.end());
  State& state = found->second;
  if (state.ending) return;
  state.ending = segment.end;
  if (state.queue.empty()) ring_.push_back(stream);
  state.unsent.value += segment.bytes.size();
  state.queue.push_back(std::move(segment));
  if (!in_service_ && !paused_at_) serve_next(now);
}

void Line::abandon(Stream stream, TimePoint now) {
  serve(now);
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.ended) return;
  leave_ring(stream);
  found->second = State{.ending = true, .ended = true};
  if (in_service_ && in_service_->arrival.stream == stream) in_service_->arrival.stream = Stream{};
  flying_.push_back({stream, {}, true, now + profile().delay});
}

void Line::drop(Stream stream, TimePoint now) {
  serve(now);
  leave_ring(stream);
  streams_.erase(stream);
}

Sending Line::sending(Stream stream, TimePoint now) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return {};
  const State& state = found->second;
  return {.acknowledged = state.arrived,
          .in_flight = Bytes{state.departed.value - state.arrived.value},
          .silent = now - state.arrived_at,
          .round_trip = 2 * profile().delay,
          .least_round_trip = 2 * profile().delay};
}

Bytes Line::unsent(Stream stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? Bytes{} : found->second.unsent;
}

bool Line::ended(Stream stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() || found->second.ended;
}

Line::Progress Line::advance(TimePoint now) {
  serve(now);
  Progress progress;
  progress.departed.swap(departed_);
  while (!paused_at_ && !flying_.empty() && flying_.front().at <= now) {
    Arrival arrival = std::move(flying_.front());
    flying_.pop_front();
    const auto found = streams_.find(arrival.stream);
    if (found == streams_.end()) continue;
    found->second.arrived.value += arrival.bytes.size();
    found->second.arrived_at = arrival.at;
    if (arrival.end) streams_.erase(found);
    progress.arrived.push_back(std::move(arrival));
  }
  return progress;
}

std::optional<TimePoint> Line::next_event() const {
  if (paused_at_) return std::nullopt;
  std::optional<TimePoint> next;
  if (in_service_) next = in_service_->sent;
  if (!flying_.empty()) next = next ? std::min(*next, flying_.front().at) : flying_.front().at;
  return next;
}

void Line::pause(TimePoint now) {
  serve(now);
  if (!paused_at_) paused_at_ = now;
}

void Line::resume(TimePoint now) {
  if (!paused_at_) return;
  const TimePoint sent_again = now + profile().delay;
  for (Arrival& arrival : flying_) arrival.at = std::max(arrival.at, sent_again);
  if (in_service_) {
    in_service_->sent = now + (in_service_->sent - *paused_at_);
    in_service_->arrival.at = in_service_->sent + profile().delay;
  }
  paused_at_.reset();
  if (!in_service_) serve_next(now);
}

// Lets everything depart whose time has come; each slice starts when the one before it has left, however late we are.
void Line::serve(TimePoint now) {
  while (!paused_at_ && in_service_ && in_service_->sent <= now) {
    const TimePoint free = in_service_->sent;
    depart();
    serve_next(free);
  }
}

void Line::serve_next(TimePoint start) {
  if (ring_.empty()) return;
  // The turn passes on only now, so that a stream which began to send meanwhile comes before the one that had the turn.
  if (turn_used_ >= kTurn) {
    std::rotate(ring_.begin(), ring_.begin() + 1, ring_.end());
    turn_used_ = 0;
  }
  const Stream stream = ring_.front();
  State& state = streams_.at(stream);
  Segment slice = take_slice(state);
  turn_used_ += slice.bytes.size();
  if (state.queue.empty()) leave_ring(stream);
  const LinkModel::Passage passage = model_.pass(Bytes{slice.bytes.size()}, start);
  in_service_ = InService{{stream, std::move(slice.bytes), slice.end, passage.arrival}, passage.sent};
}

Line::Segment Line::take_slice(State& state) const {
  Segment& head = state.queue.front();
  const std::size_t size = std::min(head.bytes.size(), kTurn - turn_used_);
  Segment slice{head.bytes.slice(0, size), head.end};
  if (size == head.bytes.size()) {
    state.queue.pop_front();
  } else {
    head.bytes = head.bytes.slice(size, head.bytes.size() - size);
  }
  return slice;
}

void Line::depart() {
  Arrival arrival = std::move(in_service_->arrival);
  in_service_.reset();
  const auto found = streams_.find(arrival.stream);
  if (found == streams_.end()) return;
  found->second.unsent.value -= arrival.bytes.size();
  found->second.departed.value += arrival.bytes.size();
  if (arrival.end) found->second.ended = true;
  note_departed(arrival.stream);
  flying_.push_back(std::move(arrival));
}

void Line::note_departed(Stream stream) {
  if (std::find(departed_.begin(), departed_.end(), stream) == departed_.end()) departed_.push_back(stream);
}

void Line::leave_ring(Stream stream) {
  const auto place = std::find(ring_.begin(), ring_.end(), stream);
  if (place == ring_.end()) return;
  if (place == ring_.begin()) turn_used_ = 0;
  ring_.erase(place);
}

}  // namespace intertie::env
