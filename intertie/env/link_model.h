// The model of a line: a rate and a propagation delay, with one first-in-first-out queue in front. Used by env/sim for
// virtual time and by env/real to emulate a link on one machine (the bytes are real, their departure is held back).
//
// pass(bytes, now): the line is free at max(now, free_at); the bytes leave it after bytes / rate and arrive `delay` later.
// Times are computed from the start of each busy period, so rounding to nanoseconds does not add up over many small passes.
// Value semantics, pure arithmetic; any thread.
#pragma once

#include "intertie/env/clock.h"

namespace intertie::env {

struct LinkProfile {
  BitRate rate;       // payload bytes per second of one direction; 0: unlimited
  Duration delay{0};  // one way
};

class LinkModel {
 public:
  explicit LinkModel(LinkProfile profile) : profile_(profile) {}
  struct Passage {
    TimePoint sent;     // the last byte has left the sender's queue
    TimePoint arrival;  // the last byte is at the receiver
  };
  Passage pass(Bytes bytes, TimePoint now);
  const LinkProfile& profile() const { return profile_; }

 private:
  LinkProfile profile_;
  TimePoint free_at_{};
  TimePoint busy_since_{};
  Bytes busy_bytes_;  // passed since busy_since_
};

}  // namespace intertie::env
