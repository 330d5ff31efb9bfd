// MergeTrialReport: what one site measured in a MergeTrial. A value.
#pragma once

#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/units.h"
#include "intertie/wire/messages.h"

namespace intertie::trial {

struct MergeTrialReport {
  std::vector<Duration> warm_ups;  // from a merge's first chunk here until it is committed here
  std::vector<Duration> merges;    // the same, of those that count
  Duration elapsed{0};             // of those that count, from the beginning of the first to the end of the last
  // By this site for all merges, the warm-ups too, until others had all of it; with frames and heartbeats, without TLS.
  Bytes sent, received;
  Bytes lost;        // that paths and streams held, unacknowledged, when they were given up
  Bytes sent_again;  // of that
  std::string congestion_control;
  std::size_t num_streams = 0;        // for merges, in use at the end, of the link that has most
  std::vector<Duration> round_trips;  // of heartbeats on control streams, sorted, while the merges that count were made
  wire::Reduction reduction = wire::Reduction::owners;  // that was used
  Hash64 result;                                        // of the last merge's sum
};

}  // namespace intertie::trial
