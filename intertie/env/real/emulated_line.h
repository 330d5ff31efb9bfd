// EmulatedLine: a Line in front of real connections: wakes with the loop's timers, and hands each stream's bytes to its
// connection when they arrive. For this folder's sources. Owner thread: the loop.
#pragma once

#include <map>
#include <memory>

#include "intertie/env/line.h"
#include "intertie/env/loop.h"
#include "intertie/env/low_mark.h"
#include "intertie/env/network.h"

namespace intertie::env::real {

// One connection behind a line. Shared, because it may be destroyed by a handler that it is calling.
struct EmulatedStream {
  std::unique_ptr<Connection> inner;
  Connection::Handlers handlers;
  LowMark low_mark;
  Line::Stream on_line;
  bool open = true;  // the user's Connection exists, and `closed` was not called
};

class EmulatedLine : public std::enable_shared_from_this<EmulatedLine> {
 public:
  EmulatedLine(Loop& loop, LinkProfile profile) : loop_(loop), line_(profile) {}

  void add(const std::shared_ptr<EmulatedStream>& stream);
  void remove(EmulatedStream& stream);
  void send(EmulatedStream& stream, SharedBytes bytes);
  void end(EmulatedStream& stream);
  // Not departed from the line, or arrived and not yet taken by the real socket.
  Bytes unsent(const EmulatedStream& stream) const;
  void look_for_drained(const std::shared_ptr<EmulatedStream>& stream) const;
  const LinkProfile& profile() const { return line_.profile(); }

 private:
  void arm();
  void wake();
  std::shared_ptr<EmulatedStream> find(Line::Stream stream) const;

  Loop& loop_;
  Line line_;
  std::map<Line::Stream, std::weak_ptr<EmulatedStream>> streams_;
  TimerId timer_;
  std::optional<TimePoint> wake_at_;
};

}  // namespace intertie::env::real
