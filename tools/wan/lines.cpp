#include "tools/wan/lines.h"

#include <algorithm>
#include <utility>

namespace intertie::wan {

void Lines::send(std::size_t from, std::size_t to, Frame frame, Time now) {
  const Line& way = line(from, to);
  if (way.cut || (way.largest > 0 && frame.size() > way.largest)) {
    ++counts_.lost;
    return;
  }
  Time& last = last_due_[from * num_sites_ + to];
  last = std::max(last, now + way.delay);
  moving_.push_back({last, num_sent_++, from, to, std::move(frame)});
  std::push_heap(moving_.begin(), moving_.end());
}

std::optional<Time> Lines::next() const { return moving_.empty() ? std::nullopt : std::optional(moving_.front().due); }

bool Lines::lost(const Moving& moving) { return line(moving.from, moving.to).cut; }

std::optional<Lines::Due> Lines::take(Time now) {
  while (!moving_.empty() && moving_.front().due <= now) {
    std::pop_heap(moving_.begin(), moving_.end());
    Moving next = std::move(moving_.back());
    moving_.pop_back();
    if (lost(next)) {
      ++counts_.lost;
      continue;
    }
    ++counts_.frames;
    counts_.bytes += next.frame.size();
    return Due{next.to, std::move(next.frame), now - next.due};
  }
  return std::nullopt;
}

}  // namespace intertie::wan
