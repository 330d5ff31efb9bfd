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

class Session {
 public:
  // One of the ways that envelopes take: a stream, a relay.
  using Way = std::uint32_t;

  Session(SiteId self, Incarnation ours, SiteId peer) : self_(self), ours_(ours), peer_(peer) {}

  // Another start of the peer: what the one before did not get is dropped.
  void begin(Incarnation theirs);
  void end() { begin(Incarnation{}); }
  bool is_open() const { return theirs_ != Incarnation{}; }
  Incarnation theirs() const { return theirs_; }

  // Queues a message. Without a session it is dropped: there is nobody whom it concerns.
  void push(wire::StreamClass stream_class, const wire::Message& message);
  bool has_next(wire::StreamClass stream_class) const { return !out(stream_class).unsent.empty(); }
  // The next to send; from now on it counts as sent that way.
  wire::Envelope take_next(wire::StreamClass stream_class, Way way);
  // What took that way and was not acknowledged is to be sent again.
  void lost(Way way);
  // Envelopes that took that way and were not acknowledged.
  std::size_t unacknowledged(Way way) const;

  // The messages that are due, in order. An envelope of another start, or one that came before, gives none. Errors (give_up): a
  // message that does not parse.
  Result<std::vector<wire::Message>> receive(const wire::Envelope& envelope);
  void take(const wire::Acknowledge& acknowledge);
  // What to tell the peer, if something came since the last time.
  std::optional<wire::Envelope> acknowledgement();
  bool all_acknowledged() const;
  Bytes unacknowledged_bytes(wire::StreamClass stream_class) const;
  std::uint64_t num_acknowledged() const { return num_acknowledged_; }
  std::uint64_t num_duplicates() const { return num_duplicates_; }

 private:
  struct Item {
    wire::Envelope envelope;
    std::optional<Way> way;  // that it was sent
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
  static constexpr std::size_t kClasses = 3;

  wire::Envelope envelope_of(wire::StreamClass stream_class, std::uint64_t number, const wire::Message& message) const;
  Out& out(wire::StreamClass c) { return out_.at(static_cast<std::size_t>(c)); }
  const Out& out(wire::StreamClass c) const { return out_.at(static_cast<std::size_t>(c)); }
  bool is_new(const wire::Envelope& envelope) const;
  void take(Out& queue, const wire::Received& received);

  SiteId self_;
  Incarnation ours_;
  SiteId peer_;
  Incarnation theirs_;
  std::array<Out, kClasses> out_;
  std::array<In, kClasses> in_;
  bool owes_acknowledgement_ = false;
  std::uint64_t num_acknowledged_ = 0;
  std::uint64_t num_duplicates_ = 0;
};

}  // namespace intertie::links
