// Session: what one start of this site and one start of another have sent each other, whatever carries it. Everything is kept
// until it is acknowledged and sent again when the way that it took is lost; what comes twice is dropped. Control and bulk
// messages are delivered in order, those of merges as they come. Sans-I/O: the link asks what to send next and hands over what
// arrived (docs/protocol.md rule 12). Owner thread: the loop.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/wire/messages.h"

namespace intertie::links {

inline Bytes size_of(const wire::Envelope& envelope) { return Bytes{envelope.head.size() + envelope.payload.size()}; }

class Session {
 public:
  // One of the ways that envelopes take: a stream, by a number of its link's, or relays.
  using Way = std::uint64_t;
  static constexpr Way kOverRelays = Way{1} << 32U;        // and above
  static Way way_over(const std::vector<SiteId>& relays);  // of one or two

  Session(SiteId self, Incarnation ours, SiteId peer) : self_(self), ours_(ours), peer_(peer) {}

  // Another start of the peer: what the one before did not get is dropped.
  void begin(Incarnation theirs);
  void end() { begin(Incarnation{}); }
  bool is_open() const { return theirs_ != Incarnation{}; }
  Incarnation theirs() const { return theirs_; }

  // Queues a message. Without a session it is dropped: there is nobody whom it concerns.
  void push(wire::StreamClass stream_class, const wire::Message& message);
  // None while the oldest that is not acknowledged is so far behind that the peer could not tell which others it has.
  bool has_next(wire::StreamClass stream_class) const;
  // The next to send; from now on it counts as sent that way.
  wire::Envelope take_next(wire::StreamClass stream_class, Way way);
  // One that was sent is not acknowledged yet.
  bool awaits(wire::StreamClass stream_class, std::uint64_t number) const { return out(stream_class).items.contains(number); }
  // What took that way and was not acknowledged is to be sent again.
  void lost(Way way);
  void lost_over_relays();  // all of them
  // Envelopes that took that way and were not acknowledged, and their bytes.
  std::size_t unacknowledged(Way way) const { return in_flight(way).count; }
  Bytes bytes_on(Way way) const { return in_flight(way).bytes; }
  bool any_over_relays() const { return in_flight_.lower_bound(kOverRelays) != in_flight_.end(); }

  // The messages that are due, in order. An envelope of another start, or one that came before, gives none. Errors (give_up): a
  // message that does not parse, or whose number makes no sense.
  Result<std::vector<wire::Message>> receive(const wire::Envelope& envelope);
  void take(const wire::Acknowledge& acknowledge);
  // What to tell the peer, if something came since the last time.
  std::optional<wire::Envelope> acknowledgement();
  // The last one may be lost.
  void acknowledge_again() { owes_acknowledgement_ = true; }
  // So much has come over relays since then that the peer should be told now: it keeps what is on such a way small.
  bool owes_relayed() const { return relayed_since_.value >= kTellAfter; }
  bool all_acknowledged() const;
  Bytes unacknowledged_bytes(wire::StreamClass stream_class) const;
  std::uint64_t num_acknowledged() const { return num_acknowledged_; }
  std::uint64_t num_duplicates() const { return num_duplicates_; }
  // In all: what ways held, unacknowledged, when they were lost, and what of it was sent again.
  Bytes bytes_lost() const { return lost_; }
  Bytes bytes_sent_again() const { return sent_again_; }

 private:
  struct Item {
    wire::Envelope envelope;
    std::optional<Way> way = {};  // that it was sent
    bool again = false;           // it was on one that was lost
  };
  struct Out {
    std::uint64_t last = 0;
    std::map<std::uint64_t, Item> items;  // not acknowledged
    std::set<std::uint64_t> unsent;
  };
  struct In {
    std::uint64_t next = 1;
    std::map<std::uint64_t, std::optional<wire::Message>> beyond;  // held until it is its turn, where the order matters
  };
  struct InFlight {
    std::size_t count = 0;
    Bytes bytes;
  };
  static constexpr std::size_t kClasses = 3;
  static constexpr std::uint64_t kTellAfter = 64 * 1024;

  wire::Envelope envelope_of(wire::StreamClass stream_class, std::uint64_t number, const wire::Message& message) const;
  Out& out(wire::StreamClass c) { return out_.at(static_cast<std::size_t>(c)); }
  const Out& out(wire::StreamClass c) const { return out_.at(static_cast<std::size_t>(c)); }
  bool is_new(const wire::Envelope& envelope) const;
  InFlight in_flight(Way way) const;
  void landed(Item& item);
  void take(Out& queue, const wire::Received& received);

  SiteId self_;
  Incarnation ours_;
  SiteId peer_;
  Incarnation theirs_;
  std::array<Out, kClasses> out_;
  std::array<In, kClasses> in_;
  std::map<Way, InFlight> in_flight_;
  Bytes relayed_since_;  // the last acknowledgement
  bool owes_acknowledgement_ = false;
  std::uint64_t num_acknowledged_ = 0;
  std::uint64_t num_duplicates_ = 0;
  Bytes lost_, sent_again_;
};

}  // namespace intertie::links
