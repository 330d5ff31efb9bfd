// Fabric: what lies between the sites of a simulation: one Line per ordered pair of their interfaces (interface_of()), the
// listeners, and the connections ("wires") with their two ends. SimNetwork is a site's view of it; SimWorld asks it for faults.
//
// Handlers of connections run only inside events, never inside send() or a destructor. Bytes that arrive before start() wait.
// Owner thread: the only one.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "intertie/env/random.h"
#include "intertie/env/sim/event_queue.h"
#include "intertie/env/sim/wire.h"

namespace intertie::env::sim {

struct Listening {
  Address address;
  std::shared_ptr<const Life> life;
  Network::Accepted accepted;
  std::function<void(Error)> refused;
  bool open = true;
};

class Fabric {
 public:
  Fabric(EventQueue& events, Random random, LinkProfile usual, bool split_deliveries);

  // Links, from interface to interface. A profile is set before the first byte of the pair. To cut and to mend two sites by
  // their names does so to all lines between them.
  void set_link(const std::string& from, const std::string& to, LinkProfile profile);
  LinkProfile link(const std::string& from, const std::string& to) { return pair(from, to).line.profile(); }
  bool is_cut(const std::string& from, const std::string& to) const {
    return cuts_.contains({from, to}) || cuts_.contains({site_of(from), site_of(to)});
  }
  void cut(const std::string& from, const std::string& to);
  void mend(const std::string& from, const std::string& to);
  std::size_t break_connections(const std::string& a, const std::string& b);
  void forget_site(const Life& life);  // resets its connections, closes its listeners

  // Listeners.
  Result<std::shared_ptr<Listening>> listen(Listening listening);
  std::shared_ptr<Listening> listener_at(const Address& address) const;
  void stop_listening(const std::shared_ptr<Listening>& listening);

  // Connections.
  std::shared_ptr<Wire> open_wire(End first, End second);
  void start(const EndOfWire& at, Connection::Handlers handlers);
  void send(const EndOfWire& at, SharedBytes bytes);
  Bytes unsent(const EndOfWire& at);
  Sending sending(const EndOfWire& at);
  void close_after_sending(const EndOfWire& at);
  void detach(const EndOfWire& at);

  EventQueue& events() { return events_; }

 private:
  struct Pair {
    explicit Pair(LinkProfile profile) : line(profile) {}
    Line line;
    EventQueue::Id wake = 0;
    std::optional<TimePoint> wake_at;
    std::map<Line::Stream, EndOfWire> receivers;  // of the streams on this line
  };

  Pair& pair(const std::string& from, const std::string& to);
  void see_cuts(const std::string& from, const std::string& to);
  Pair& pair_out_of(const EndOfWire& at) { return pair(at.end().interface, at.other().interface); }
  void arm(Pair& pair);
  void wake(Pair& pair);
  void departed(const EndOfWire& sender);
  void receive(const EndOfWire& at, Incoming incoming);
  void flush(const EndOfWire& at);
  void deliver_bytes(const EndOfWire& at, const SharedBytes& bytes);
  void deliver_close(const EndOfWire& at, const Error& error);
  void end_arrived(const EndOfWire& at);
  bool break_wire(const EndOfWire& receiver);
  void drop_out_stream(const EndOfWire& at);
  void forget_handlers_later(const EndOfWire& at);
  std::vector<EndOfWire> receivers_between(const std::string& from, const std::string& to);

  EventQueue& events_;
  Random random_;
  LinkProfile usual_;
  bool split_deliveries_;
  std::map<std::pair<std::string, std::string>, Pair> pairs_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::vector<std::shared_ptr<Listening>> listeners_;
  std::uint16_t next_port_ = 49152;
};

}  // namespace intertie::env::sim
