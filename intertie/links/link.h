// Link: everything that joins this site to one other: a control stream, and merge streams that share a queue of chunks. A chunk
// goes to whichever stream is free next, so unequal streams balance themselves. Measures bytes and round trip. Owner thread:
// the loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/links/stream.h"

namespace intertie::links {

class Link {
 public:
  struct Handlers {
    std::function<void(wire::Message)> message;
    std::function<void(Error)> lost;  // once: see Settings
    std::function<void()> closed;     // after close_after_sending(): a stream has closed
  };
  // A link is lost when its control stream has ended; when nothing came over any of its streams for silence_limit; or when one
  // merge stream has ended, or brought nothing for stream_silence_limit, although the others live. What ends with the other
  // site's farewell ends with the control stream, over which the farewell came before.
  struct Settings {
    std::uint16_t num_merge_streams = 4;
    Duration heartbeat_every = std::chrono::seconds(1);  // over every stream, so that none is idle
    Duration silence_limit = std::chrono::seconds(20);
    Duration stream_silence_limit = std::chrono::minutes(2);  // long: streams of a slow line wait for each other
  };

  Link(env::Loop& loop, const Settings& settings, Handlers handlers);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Streams whose hello was accepted. The control stream comes first; heartbeats start with it.
  void attach_control(std::unique_ptr<Stream> stream);
  void attach_merge(std::uint16_t number, std::unique_ptr<Stream> stream);
  bool has_control() const { return control_.stream != nullptr; }
  bool has_merge(std::uint16_t number) const { return merge_[number].stream != nullptr; }
  bool complete() const;  // all merge streams are there

  void send(const wire::Message& message);  // control
  void send_chunk(wire::Chunk chunk);       // merge
  // What is sent afterwards is dropped.
  void close_after_sending();
  bool closed() const;  // every stream of it

  // What merge streams handed on while one of them had more waiting than keeps it busy, and how long that was: the link's rate.
  struct Transfer {
    Bytes bytes;
    Duration time{0};
  };
  Transfer transfer() const;
  Bytes bytes_sent() const;
  Bytes bytes_received() const;
  Duration round_trip() const { return round_trip_; }  // smallest of the last heartbeats; 0: not measured yet
  std::string congestion_control() const;

 private:
  // A stream, and when bytes last came over it (looked at with every heartbeat).
  struct Held {
    std::unique_ptr<Stream> stream;
    Bytes received;
    env::TimePoint heard_at{};
  };

  void receive(wire::Message message);
  void on_heartbeat(const wire::Heartbeat& heartbeat);
  void beat();
  void listen_to(Held& held, env::TimePoint now);
  std::optional<Error> silence(env::TimePoint now) const;
  void merge_stream_ended(const Error& error);
  void pump();
  bool busy() const;
  void count_transfer();
  Bytes handed_on() const;
  void fail(Error error);
  template <class Function>
  void for_each_stream(Function function) const;

  env::Loop& loop_;
  Settings settings_;
  Handlers handlers_;
  Held control_;
  std::vector<Held> merge_;
  std::size_t next_merge_ = 0;  // the merge stream that is asked first for the next chunk
  std::deque<wire::Chunk> queue_;
  Transfer transferred_;                         // up to the last time that it was not busy
  std::optional<env::TimePoint> waiting_since_;  // it is busy
  Bytes handed_on_before_;                       // when that began
  env::TimerId heartbeat_timer_;
  env::TimerId ended_timer_;             // a merge stream has ended
  std::uint64_t last_sent_by_peer_ = 0;  // its clock
  env::TimePoint last_sent_by_peer_at_{};
  Duration round_trip_{0};
  std::deque<Duration> recent_round_trips_;
  bool failed_ = false;
  bool closing_ = false;
};

}  // namespace intertie::links
