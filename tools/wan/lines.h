// Lines: what is under way between sites. A line is one direction of a pair of sites: it has a delay, and it can be cut, which
// nobody is told. Sans-I/O: frames go in with the time, and come out when they are due. Rates, queues and loss would act where
// a frame enters its line. Cost: one heap operation in and one out for each frame. Used by `wan`; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "intertie/base/units.h"

namespace intertie::wan {

using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using Frame = std::vector<std::byte>;  // as the kernel hands it over: up to 64 KiB of one TCP connection

struct Line {
  Duration delay{0};
  bool cut = false;
  std::size_t largest =
      0;  // frame that gets through, in bytes; 0: any. What is larger vanishes, as where a tunnel narrows the way
};

class Lines {
 public:
  struct Due {
    std::size_t to = 0;
    Frame frame;
    Duration late{0};
  };
  struct Counts {
    std::uint64_t frames = 0;  // delivered
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;  // frames, to cuts and for their size
  };

  explicit Lines(std::size_t num_sites) : num_sites_(num_sites), lines_(num_sites * num_sites) {}

  std::size_t num_sites() const { return num_sites_; }
  Line& line(std::size_t from, std::size_t to) { return lines_[from * num_sites_ + to]; }

  // Frames of one line stay in their order, also where its delay has become shorter.
  void send(std::size_t from, std::size_t to, Frame frame, Time now);
  std::optional<Time> next() const;
  // A frame that is due. What is on a line when it is cut is lost.
  std::optional<Due> take(Time now);
  const Counts& counts() const { return counts_; }

 private:
  struct Moving {
    Time due;
    std::uint64_t number = 0;
    std::size_t from = 0, to = 0;
    Frame frame;
    bool operator<(const Moving& other) const { return due != other.due ? due > other.due : number > other.number; }
  };
  bool lost(const Moving& moving);

  std::size_t num_sites_;
  std::vector<Line> lines_;
  std::vector<Time> last_due_ = std::vector<Time>(lines_.size());
  std::vector<Moving> moving_;  // a heap: the next in front
  std::uint64_t num_sent_ = 0;
  Counts counts_;
};

}  // namespace intertie::wan
