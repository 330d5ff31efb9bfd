// How a link's messages travel, and when it takes what for lost. Values; any thread.
#pragma once

#include <chrono>
#include <optional>

#include "intertie/base/ids.h"
#include "intertie/base/units.h"

namespace intertie::links {

// How the session's envelopes travel. neither: they wait.
struct Route {
  bool direct = false;
  std::optional<SiteId> relay;
  friend bool operator==(const Route&, const Route&) = default;
};

struct LinkTiming {
  Duration beat_every = std::chrono::milliseconds(250);
  Duration silence = std::chrono::seconds(1);          // of all streams: the site is not heard directly
  Duration drop_after = std::chrono::seconds(3);       // of silence: the streams are closed, and opened again
  Duration stream_silence = std::chrono::seconds(20);  // of one merge stream while others live: it is closed, and opened again
  Duration resend_after = std::chrono::seconds(5);     // without any acknowledgement over a relay
};

}  // namespace intertie::links
