#include "tools/wan/pool.h"

#include <algorithm>
#include <utility>

#include "intertie/base/check.h"

namespace intertie::wan {

void Return::operator()(Slot* slot) const { slot->pool->free_[slot->kind].push_back(slot); }

Frame Pool::take(std::size_t size) {
  INTERTIE_CHECK(size <= kLongestFrame);
  const auto kind = static_cast<std::size_t>(std::lower_bound(kRooms.begin(), kRooms.end(), size) - kRooms.begin());
  if (free_[kind].empty()) {
    slots_.push_back(std::make_unique<Slot>(Slot{.pool = this, .kind = kind, .room = std::vector<std::byte>(kRooms[kind])}));
    free_[kind].push_back(slots_.back().get());
  }
  Frame frame(free_[kind].back());
  free_[kind].pop_back();
  frame->arrived = false;
  return frame;
}

Frame Pool::keep(Frame& read, std::size_t size) {
  Frame frame = take(size);
  if (frame->kind == read->kind) {
    std::swap(frame, read);
  } else {
    std::copy_n(read->room.begin(), size, frame->room.begin());
  }
  frame->size = size;
  frame->packets = packets_in(frame->bytes());
  return frame;
}

std::size_t Pool::num_free() const {
  std::size_t sum = 0;
  for (const auto& each : free_) sum += each.size();
  return sum;
}

}  // namespace intertie::wan
