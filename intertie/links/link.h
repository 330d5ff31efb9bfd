// Link: everything that joins this site to one other: the session of their present starts, and the direct way: one or more
// paths, of whose merge streams a chunk takes whichever is free next, so that unequal streams and paths balance themselves;
// control messages take the first path. A path that is silent while another lives is dead: what it held goes over the others.
// What merge streams carry next, of this session or for others, Dispatch says; where there is no direct way, control messages
// go over a relay, which is another link of the same mesh. Measures bytes and round trip.
// Owner thread: the loop.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/links/delivered.h"
#include "intertie/links/path.h"
#include "intertie/links/route.h"
#include "intertie/links/session.h"
#include "intertie/links/stream.h"

namespace intertie::links {

class Link {
 public:
  struct Handlers {
    std::function<void(wire::Message)> message;                       // of the session
    std::function<void(wire::Envelope)> envelope;                     // came over this link, for any session
    std::function<void(SiteId relay, const wire::Envelope&)> carry;   // of this session's control class, over a relay
    std::function<std::optional<wire::Envelope>(Session::Way)> next;  // for a merge stream, which is that way to this session
    std::function<bool()> waits;                                      // there is one
    std::function<void()> queued;                                     // the session has more to send, or room for more
    std::function<void()> stream_ended;                               // a merge stream or a path, with what it held
    std::function<void()> streams_ended;                              // all
    std::function<void(wire::Hearing)> hearing;
    std::function<void(const wire::Refusal&)> refused;
    std::function<void(std::uint16_t path, Error)> ended;  // a path, and with the last of them the direct way
    std::function<void(std::uint16_t path, std::uint16_t number, Error)> merge_ended;  // a merge stream of a path that lives
    std::function<void(Error)> broken;              // what came over the session makes no sense
    std::function<void()> closed;                   // after close_after_sending(): a stream has closed
    std::function<void(Duration)> round_trip = {};  // of a heartbeat on a control stream
  };
  struct Settings {
    SiteId self;
    Incarnation incarnation;
    SiteId peer;
    std::vector<std::uint16_t> num_merge_streams;  // of each path; at least one
    LinkTiming timing;
  };

  Link(env::Loop& loop, const Settings& settings, Handlers handlers);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // The peer's present start; what belonged to another one is dropped, its streams too.
  void begin_session(Incarnation theirs);
  void end_session();
  const Session& session() const { return session_; }
  Session& session() { return session_; }

  // Streams whose hello was accepted. A path's control stream comes first; one that was there before is replaced.
  void attach_control(std::uint16_t path, std::unique_ptr<Stream> stream);
  void attach_merge(std::uint16_t path, std::uint16_t number, std::unique_ptr<Stream> stream);
  bool has_control() const;  // on some path: there is a direct way
  const Path& path(std::uint16_t number) const { return *paths_[number]; }
  std::uint16_t num_paths() const { return static_cast<std::uint16_t>(paths_.size()); }
  // When bytes last came directly; nothing without a direct way.
  std::optional<env::TimePoint> heard_at() const;

  void set_route(const Route& route);
  const Route& route() const { return route_; }

  // To the peer's present start, by whatever way.
  void send(wire::StreamClass stream_class, const wire::Message& message);
  // Over this link's direct way: a beat's words, or a control envelope of another session.
  void tell(const wire::Message& message);
  // Sends what waits, as far as streams are free.
  void pump();
  // An envelope of this session has come, by whatever way.
  void receive(const wire::Envelope& envelope);

  // A line that was silent is slow at first. Until the next chunk of a merge its streams carry up to so many bytes of nothing.
  void warm_up(Bytes most);
  // Until stop_filling(), or a chunk comes, merge streams carry nothing, together at `rate`: for a probe. What overflows on the
  // way makes a stream slow for a while; so, where there are several, the first, which a paced link uses afterwards, is left
  // out, and either half of the others serves one turn. Streams whose congestion control looks for the rate by itself (bbr) do
  // so; with one that takes a round trip without a gap for a full line (cubic: HyStart) they have reno meanwhile, which goes
  // with the pace. Where there are several paths nobody knows their parts of `rate`: they are filled without a pace.
  using Turn = Path::Turn;
  void fill(BitRate rate, Turn turn);
  void stop_filling();

  // From now on `num_streams` of the merge streams carry what is to be sent, together at most at `rate`. Where that is what the
  // lines give this pair, nothing overflows on the way, so packets are lost by chance only, and one stream may be enough: more
  // of them make smaller frames. Where they do not keep the pace, there are twice as many, up to all. A link of several paths
  // takes no notice.
  void set_pacing(BitRate rate, std::size_t num_streams);

  // Every beat_every: heartbeats, acknowledgements, silence. Paths and the direct way may end in it.
  void beat();
  // Says `why` to the peer, and closes its streams.
  void refuse(const wire::Refusal& why);
  // What is sent afterwards is dropped.
  void close_after_sending();
  bool closed() const;  // every stream of it

  // What merge streams handed on while one of them had more waiting than keeps it busy, and how long that was: the link's rate.
  struct Transfer {
    Bytes bytes;
    Duration time{0};
  };
  Transfer transfer() const;
  // Of what its merge streams sent, with TLS; less once one of them is gone.
  Bytes delivered() const;
  std::size_t num_used_streams() const;
  Bytes bytes_sent() const;
  Bytes bytes_received() const;
  Duration round_trip() const;  // of the path that is quickest now; 0: not measured yet
  std::string congestion_control() const;

 private:
  std::unique_ptr<Path> make_path(std::uint16_t number, std::uint16_t num_merge_streams);
  Path* control_path() const;
  void take(std::uint16_t path, wire::Message message);
  void look_for_silence(env::TimePoint now);
  void look_for_silent_streams(std::uint16_t path, env::TimePoint now);
  void look_for_progress(env::TimePoint now);
  void look_for_slow_streams(env::TimePoint now);
  void end_path(std::uint16_t number, Error error);
  void end_merge(std::uint16_t path, std::uint16_t number, Error error);
  void lost(const Path& path);
  void drop_path(Path& path);
  void drop_paths();
  void acknowledge();
  void pump_streams();
  void pump_stream(Stream& stream, Session::Way way);
  void pace();
  BitRate pace_kept() const;
  void ease();
  void pad();
  bool busy() const;
  void count_transfer();
  void settle_transfer();
  Bytes handed_on() const;

  env::Loop& loop_;
  Settings settings_;
  Handlers handlers_;
  Session session_;
  Route route_;
  std::vector<std::unique_ptr<Path>> paths_;
  std::list<std::unique_ptr<Stream>> parting_;  // that only carry the word why this site has no say any more
  std::size_t next_merge_ = 0;                  // the merge stream that is asked first for the next chunk
  Bytes padding_left_;
  std::optional<BitRate> filling_;  // at this rate
  Turn turn_ = Turn::first;
  std::optional<BitRate> pacing_;
  double eased_ = 1;          // part of it that is kept, for queues on the way have grown
  std::size_t num_used_ = 0;  // of the merge streams; 0: all
  Delivered last_beat_;
  Transfer while_full_;  // delivered, since it was last judged whether it keeps its pace
  env::TimePoint more_streams_at_{};
  Transfer transferred_;                         // up to the last time that it was not busy
  std::optional<env::TimePoint> waiting_since_;  // it is busy
  Bytes handed_on_before_;                       // when that began
  std::uint64_t acknowledged_ = 0;               // by the peer, when that last changed
  env::TimePoint progress_at_{};
  bool closing_ = false;
};

}  // namespace intertie::links
