// Dispatch: what the merge streams of each link carry next - merges and bulk of this site's own sessions, divided over their
// ways, and what this site hands on for others. Every link is shared by what goes over it in proportion to the planned rates,
// and whoever has nothing to send leaves its part to the others; so a session's next chunk takes whichever of its ways is free
// next. Sans-I/O: the mesh asks when a stream is free, and says which ways there are. Owner thread: the loop.
//
// What a relay holds is bounded by who sends: over each way with relays no more is on its way, unacknowledged by the site at
// its end, than keeps it busy (window()). A relay itself keeps no more than kMostCarried of each author, and drops the rest,
// which comes again. So a slow second hop holds back who sends over it, and nothing else that the relay does.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "intertie/env/clock.h"
#include "intertie/links/route.h"
#include "intertie/links/session.h"

namespace intertie::links {

class Dispatch {
 public:
  static constexpr Bytes kMostCarried{std::uint64_t{128} << 20U};
  using SessionOf = std::function<Session&(SiteId)>;
  using Usable = std::function<bool(const PlannedWay&)>;

  Dispatch(SiteId self, std::uint16_t num_sites, SessionOf session);

  // How merges are to travel, of all sites: what is not from this one tells how much of its links they need. Pairs that are not
  // named take whatever way there is.
  void plan(const std::vector<PlannedWay>& ways);
  // The ways to a site as they are now: of the planned ones those that are usable; where there are none, `route`. What took one
  // that is gone is to be sent again.
  void use(SiteId to, const Route& route, const Usable& usable);

  // For a merge stream of the link to `hop`, which is `stream` to that link's own session.
  std::optional<wire::Envelope> next(SiteId hop, Session::Way stream, env::TimePoint now);
  bool waits(SiteId hop) const;
  // The links over which something for `to` may go.
  std::vector<SiteId> hops_to(SiteId to) const;

  // To be handed on over the link to `hop`.
  void carry(SiteId hop, wire::Envelope envelope);
  Bytes carried_of(SiteId author) const { return carried_[author.value]; }  // waiting here
  // A merge stream to `hop` has ended; with the last of them what waits for it is dropped, too.
  void stream_ended(SiteId hop);
  void link_ended(SiteId hop);
  // This relay may have lost what it was to hand on.
  void relay_lost(SiteId relay);

 private:
  // What goes over one link to one site: of this site's own a way, of others all that one author sends.
  struct Source {
    PlannedWay way;       // without a rate: not planned
    bool usable = false;  // of its own
    double position = 0;  // what it has carried over its rate: who has the least is next
    std::deque<wire::Envelope> carried = {};
    // The least time from sending until the acknowledgement was there, and the envelope that is timed.
    std::optional<Duration> takes = {};
    struct Timed {
      wire::StreamClass stream_class;
      std::uint64_t number;
      env::TimePoint sent;
    };
    std::optional<Timed> timed = {};
  };
  struct Outlet {
    std::vector<Source> sources;
    double position = 0;  // of the last that was served
  };

  bool own(const Source& source) const { return source.way.from == self_; }
  Source& source_of(SiteId hop, const PlannedWay& way);
  bool ready(const Source& source, wire::StreamClass stream_class) const;
  Bytes window(const Source& source) const;
  Source* most_behind(Outlet& outlet, wire::StreamClass stream_class) const;
  void serve(Outlet& outlet, Source& source, Bytes size) const;
  void note_time(Source& source, env::TimePoint now) const;
  wire::Envelope take(Source& source, wire::StreamClass stream_class, Session::Way stream, env::TimePoint now);
  template <class Predicate>
  void lose(Predicate predicate);

  SiteId self_;
  SessionOf session_;
  std::vector<Outlet> outlets_;  // by the site at the other end of the link
  std::vector<Bytes> carried_;   // by author
};

}  // namespace intertie::links
