// Lines: what is under way between sites. Every site has on every path an access of its own, with a rate each way; a line is
// one direction of a pair of sites on a path. A frame passes the queue of its site's access, that of the line, loss, the delay,
// and the queue of the access of the site it is for. A line can be cut, which nobody is told. Sans-I/O: frames go in with the
// time, and come out when they are due. Cost: two heap operations for each frame, four where it has to queue at its end. Used
// by `wan`; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "intertie/base/units.h"
#include "tools/wan/limiter.h"
#include "tools/wan/pool.h"

namespace intertie::wan {

struct Way {
  std::size_t from = 0, to = 0;  // sites
  std::size_t path = 0;
};

struct Counts {
  std::uint64_t frames = 0;  // delivered; bytes are IP packets', without what the wire adds
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;                                       // packets, by chance and for their size
  std::uint64_t cut = 0;                                        // packets that the cut line swallowed
  std::uint64_t dropped_up = 0, dropped = 0, dropped_down = 0;  // packets, by the full queues of the sites and the line

  Counts& operator+=(const Counts& other);
};

struct Line {
  Limiter limiter;
  Loss loss;
  Duration delay{0};
  Duration jitter{0};  // at most so much more, uniformly; frames keep their order
  bool cut = false;
  std::size_t largest = 0;  // IP packet that gets through; 0: any. A larger one vanishes, as where a tunnel narrows the way
  Counts counts;
};

struct Access {
  Limiter up, down;
};

class Lines {
 public:
  struct Size {
    std::size_t sites = 2;
    std::size_t paths = 1;
  };
  struct Due {
    Way way;
    Frame frame;
    Duration late{0};
  };

  // The pool outlives this. With a seed, the same packets in the same order are lost.
  Lines(Pool& pool, Size size, std::uint64_t seed);

  const Size& size() const { return size_; }
  Line& line(const Way& way) { return lines_[index(way)].line; }
  Access& access(std::size_t site, std::size_t path) { return accesses_[path * size_.sites + site]; }

  // Frames of one line stay in their order, also where its delay has become shorter.
  void send(const Way& way, Frame frame, Time now);
  std::optional<Time> next() const;
  // A frame that is due. What is on a line when it is cut is lost.
  std::optional<Due> take(Time now);

  const Counts& counts(const Way& way) const { return lines_[index(way)].line.counts; }
  Counts all_counts() const;
  void forget_counts();

 private:
  struct State {
    Way way;
    Line line;
    env::Random random{0};  // of its jitter
    Time last_arrival{}, last_due{};
  };
  struct Moving {
    Time due;
    std::uint64_t number = 0;
    Frame frame;
    bool operator<(const Moving& other) const { return due != other.due ? due > other.due : number > other.number; }
  };

  std::size_t index(const Way& way) const { return (way.path * size_.sites + way.from) * size_.sites + way.to; }
  void push(Time due, Frame frame);
  Frame part(const Slot& frame, std::size_t first, std::size_t number);
  Frame pass(Limiter& limiter, Frame frame, Time& time, std::uint64_t& dropped);
  Frame without_large(Line& line, Frame frame);
  void enter(State& state, Frame frame, Time at);
  Frame arrive(Frame frame, Time& due);

  Pool* pool_;
  Size size_;
  std::vector<State> lines_;
  std::vector<Access> accesses_;
  std::vector<Moving> moving_;  // a heap: the next in front
  std::uint64_t num_pushed_ = 0;
};

}  // namespace intertie::wan
