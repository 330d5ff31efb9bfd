// Pool: the memory of frames under way, used again and again, so that a frame costs no allocation once as many have been under
// way. Frames go back by themselves; the pool outlives them. One thread.
//
//   Frame room = pool.take(kLongestFrame);   // read into room->bytes
//   Frame frame = pool.keep(room, size);     // what was read; `room` can be read into again
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "tools/wan/frame.h"

namespace intertie::wan {

class Pool;

struct Slot {
  Pool* pool = nullptr;
  std::size_t kind = 0;
  std::vector<std::byte> room;
  std::size_t size = 0;
  Packets packets;
  std::size_t line = 0;
  Time arrives{};        // at the queue of the site it is for
  bool arrived = false;  // it has passed that

  std::span<const std::byte> bytes() const { return {room.data(), size}; }
};
struct Return {
  void operator()(Slot* slot) const;
};
using Frame = std::unique_ptr<Slot, Return>;

class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // With room for `size` bytes, at most kLongestFrame.
  Frame take(std::size_t size);
  // The first `size` bytes of `read` as a frame: a copy where a smaller slot holds them, else `read` itself, and a new one
  // there.
  Frame keep(Frame& read, std::size_t size);
  std::size_t num_slots() const { return slots_.size(); }
  std::size_t num_free() const;

 private:
  friend Return;
  static constexpr std::array<std::size_t, 3> kRooms = {2048, 16384, kLongestFrame};

  std::vector<std::unique_ptr<Slot>> slots_;
  std::array<std::vector<Slot*>, kRooms.size()> free_;
};

}  // namespace intertie::wan
