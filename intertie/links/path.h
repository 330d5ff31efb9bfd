// Path: one of those that join a link's two sites directly, between an address of each: a control stream and merge streams,
// which end with it. Hears, measures, paces; what its streams carry, and when it is dead, the link says. Owner thread: the
// loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/links/session.h"
#include "intertie/links/stream.h"

namespace intertie::links {

struct PathSettings {
  std::uint16_t num_merge_streams = 4;
  std::optional<env::Address> to = {};  // the peer's end; none: the address of the site
  std::string from = {};                // this site's end, an address in numbers without a port; empty: the system chooses
};

class Path {
 public:
  // A stream gets its next chunk when less than this is waiting in it: enough to keep it busy, little enough that a chunk is
  // not stuck behind a slow stream.
  static constexpr std::uint64_t kAhead = 64 * 1024;

  struct Handlers {
    std::function<void(wire::Message)> message;                    // but for heartbeats
    std::function<void()> drained;                                 // a merge stream has room
    std::function<void(Duration)> round_trip;                      // of a heartbeat; may be empty
    std::function<void(Error)> ended;                              // the control stream
    std::function<void(std::uint16_t number, Error)> merge_ended;  // a merge stream
  };
  // Of a merge probe: fill() in link.h.
  enum class Turn : std::uint8_t { first, second };

  Path(env::Loop& loop, std::uint16_t number, std::uint16_t num_merge_streams, Handlers handlers);
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  void attach_control(std::unique_ptr<Stream> stream);
  void attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream);
  void drop_merge(std::uint16_t number);
  void drop();                                                                   // all of them
  std::unique_ptr<Stream> take_control() { return std::move(control_.stream); }  // for a last word
  bool has_control() const { return control_.stream != nullptr; }
  bool has_merge(std::size_t number) const { return merge_[number].stream != nullptr; }
  bool is_open() const { return control_.stream && !control_.stream->closed(); }
  Stream& control() const { return *control_.stream; }
  Stream& merge(std::size_t number) const { return *merge_[number].stream; }
  std::size_t num_merge_streams() const { return merge_.size(); }

  // What its streams are to the session.
  Session::Way control_way() const { return Session::Way{number_} << 16U; }
  Session::Way merge_way(std::size_t number) const { return control_way() + 1 + number; }

  // When bytes last came; nothing without a control stream.
  std::optional<env::TimePoint> heard_at() const;
  std::optional<env::TimePoint> heard_at(std::size_t merge) const;
  void listen(env::TimePoint now);  // every beat: what came since the last one
  void send_heartbeats(env::TimePoint now);
  void forget_heartbeats();                            // of another start of the peer
  Duration round_trip() const { return round_trip_; }  // smallest of the last heartbeats; 0: not measured yet

  // Of the merge streams that are there, the first so many (0: all); those that padding goes over, in a probe or before a
  // merge.
  std::vector<std::size_t> used_streams(std::size_t at_most) const;
  std::vector<std::size_t> padded_streams(std::optional<Turn> probed) const;
  // Of the merge streams these ones together at most at `rate`, the others at any; 0: all at any. In a probe those whose
  // congestion control looks for the rate by itself (bbr) do so.
  void pace(const std::vector<std::size_t>& streams, BitRate rate, bool probed);
  // With congestion control that takes a round trip without a gap for a full line (cubic: HyStart) streams have reno for a
  // probe.
  void begin_probe(const std::vector<std::size_t>& streams);
  void end_probe(const std::vector<std::size_t>& streams);
  bool full() const;  // a merge stream of it has more waiting than keeps it busy

  Bytes handed_on() const;  // by the merge streams that are there
  Bytes delivered() const;  // of what they sent, with TLS
  Bytes bytes_sent() const;
  Bytes bytes_received() const;
  std::string congestion_control() const;

  template <class Function>
  void for_each_stream(Function function) const {
    if (control_.stream) function(*control_.stream);
    for (const Held& held : merge_) {
      if (held.stream) function(*held.stream);
    }
  }

 private:
  // A stream, and when bytes last came over it (looked at with every beat).
  struct Held {
    std::unique_ptr<Stream> stream;
    Bytes received;
    env::TimePoint heard_at{};
  };

  void listen_to(Held& held, env::TimePoint now) const;
  void on_heartbeat(const wire::Heartbeat& heartbeat);
  void drop(Held& held);

  env::Loop& loop_;
  std::uint16_t number_;
  Handlers handlers_;
  Held control_;
  std::vector<Held> merge_;
  Bytes dropped_sent_;  // over streams that are gone
  Bytes dropped_received_;
  std::uint64_t last_sent_by_peer_ = 0;  // its clock
  env::TimePoint last_sent_by_peer_at_{};
  Duration round_trip_{0};
  std::deque<Duration> recent_round_trips_;
};

}  // namespace intertie::links
