// EmulatedLine: a Line in front of real connections: wakes with the loop's timers, and hands each stream's bytes to its
// connection when they arrive. One without a rate or a delay hands them on at once. For this folder's sources.
//
// Cut, it lets nothing through and tells nobody: bytes wait, and so does whatever else would have crossed it, until it is
// mended. Owner thread: the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

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
  Sending sending(const EmulatedStream& stream) const { return line_.sending(stream.on_line, loop_.now()); }
  void look_for_drained(const std::shared_ptr<EmulatedStream>& stream) const;
  const LinkProfile& profile() const { return line_.profile(); }

  void cut();
  void mend();
  bool is_cut() const { return cut_; }
  // Runs `task` when nothing is in the way: now, or when the line is mended, in the order of these calls.
  void get_through(std::function<void()> task);
  // Nobody can mend it any more: what waits for that (and may hold this line) is dropped.
  void forget_waiting() {
    cut_ = false;
    const auto dropped = std::exchange(waiting_, {});
  }

 private:
  void arm();
  void wake();
  void hand_on_at_once();
  std::vector<Line::Stream> hand_on();  // returns whose bytes have departed
  std::shared_ptr<EmulatedStream> find(Line::Stream stream) const;

  Loop& loop_;
  Line line_;
  std::map<Line::Stream, std::weak_ptr<EmulatedStream>> streams_;
  TimerId timer_;
  std::optional<TimePoint> wake_at_;
  bool cut_ = false;
  std::vector<std::function<void()>> waiting_;  // for the line to be mended
};

}  // namespace intertie::env::real
