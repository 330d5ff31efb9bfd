// Line: one direction of one link, shared by all streams (connections) from one site to another. Sans-I/O: the caller tells it
// the time and performs what comes back, so the same code runs on virtual time (env/sim) and before real sockets (env/real).
//
// Each stream is first in, first out. Streams with bytes take turns of at most kTurn bytes, so that a control stream is never
// stuck behind bulk. Departure and arrival times come from LinkModel; a caller that is late loses no capacity.
//
//   line.send(stream, bytes, now);
//   Line::Progress progress = line.advance(now);   // then again at line.next_event()
//
// Owner thread: the caller's. `now` must not go back.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "intertie/base/shared_bytes.h"
#include "intertie/env/link_model.h"
#include "intertie/env/network.h"

namespace intertie::env {

class Line {
 public:
  static constexpr std::size_t kTurn = 16 * 1024;

  struct Stream {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(const Stream&, const Stream&) = default;
  };
  struct Arrival {
    Stream stream;
    SharedBytes bytes;
    bool end = false;  // no bytes: the stream is over
    TimePoint at;
  };
  struct Progress {
    std::vector<Arrival> arrived;  // in order of arrival
    std::vector<Stream> departed;  // whose unsent() fell or whose end has left; each once
  };

  explicit Line(LinkProfile profile) : model_(profile) {}

  Stream open(TimePoint now);
  void send(Stream stream, SharedBytes bytes, TimePoint now);
  // The stream ends after what is queued; the end arrives like bytes. What is sent afterwards is dropped.
  void end(Stream stream, TimePoint now);
  // Drops what has not departed; the end departs at once, after it nothing more arrives.
  void abandon(Stream stream, TimePoint now);
  // Forgets the stream, bytes in flight included.
  void drop(Stream stream, TimePoint now);

  // How the stream does, as a system would see it that hears of arrivals at once; all 0 for one that is not open.
  Sending sending(Stream stream, TimePoint now) const;
  // Bytes that have not departed; 0 for a stream that is not open.
  Bytes unsent(Stream stream) const;
  // The end of the stream has departed (or the stream is not open).
  bool ended(Stream stream) const;

  Progress advance(TimePoint now);
  // When to call advance() next; nothing while idle or paused.
  std::optional<TimePoint> next_event() const;

  // While paused nothing departs and nothing arrives. What was in flight arrives a full delay after resume(), as if sent again.
  void pause(TimePoint now);
  void resume(TimePoint now);

  const LinkProfile& profile() const { return model_.profile(); }

 private:
  struct Segment {
    SharedBytes bytes;
    bool end = false;
  };
  struct State {
    std::deque<Segment> queue;
    Bytes unsent;
    Bytes departed, arrived;
    TimePoint arrived_at{};  // opened, before anything arrived
    bool ending = false;
    bool ended = false;
  };
  struct InService {
    Arrival arrival;
    TimePoint sent;
  };

  void enqueue(Stream stream, Segment segment, TimePoint now);
  void serve(TimePoint now);
  void serve_next(TimePoint start);
  Segment take_slice(State& state) const;
  void depart();
  void leave_ring(Stream stream);
  void note_departed(Stream stream);

  LinkModel model_;
  std::map<Stream, State> streams_;
  std::deque<Stream> ring_;    // streams with a queue; the front one has the turn
  std::size_t turn_used_ = 0;  // bytes that the front stream has used of its turn
  std::optional<InService> in_service_;
  std::deque<Arrival> flying_;    // departed, in order of arrival
  std::vector<Stream> departed_;  // since the last advance()
  std::optional<TimePoint> paused_at_;
  std::uint64_t last_stream_ = 0;
};

}  // namespace intertie::env
