// LowMark: decides when a connection says `drained`: once each time its unsent bytes, having been above the mark, fall to it or
// below. Value; used by every implementation of Connection so that they agree.
#pragma once

#include "intertie/base/units.h"

namespace intertie::env {

class LowMark {
 public:
  void set(Bytes mark) { mark_ = mark; }
  // After bytes were queued.
  void rose(Bytes unsent) { above_ = above_ || unsent > mark_; }
  // After bytes have left; true if `drained` is due.
  bool fell(Bytes unsent) {
    if (!above_ || unsent > mark_) return false;
    above_ = false;
    return true;
  }

 private:
  Bytes mark_;
  bool above_ = false;
};

}  // namespace intertie::env
