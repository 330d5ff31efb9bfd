// Wire: one connection of the simulation, with its two ends: plain data, which Fabric changes.
// Owner thread: the only one.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "intertie/env/line.h"
#include "intertie/env/low_mark.h"
#include "intertie/env/network.h"
#include "intertie/env/sim/event_queue.h"

namespace intertie::env::sim {

// What waits at one end to be handed to its handlers: bytes, or the end of the connection.
struct Incoming {
  SharedBytes bytes;
  std::optional<Error> closed;
};

// A site has one interface for what is not bound to an address, and one for each address that a connection is bound to.
inline std::string interface_of(const std::string& site, const std::string& bound_to) {
  return bound_to.empty() ? site : site + "@" + bound_to;
}
inline std::string site_of(const std::string& interface) { return interface.substr(0, interface.find('@')); }

struct End {
  std::shared_ptr<const Life> life;
  std::string interface;  // of its site: interface_of()
  Peer peer;
  Line::Stream out;  // on the line from this end's site to the other's
  Connection::Handlers handlers;
  LowMark low_mark;
  std::deque<Incoming> inbox;
  bool attached = true;  // the Connection object exists
  bool started = false;
  bool open = true;      // may send
  bool closing = false;  // close_after_sending was called
};

struct Wire {
  std::array<End, 2> ends;
  bool reset = false;  // a site died: the other end hears "reset" and not "closed"
};

// One end of a wire, as passed around: shared, since events may outlive the Connection object.
struct EndOfWire {
  std::shared_ptr<Wire> wire;
  std::size_t side = 0;
  End& end() const { return wire->ends[side]; }
  End& other() const { return wire->ends[1 - side]; }
};

}  // namespace intertie::env::sim
