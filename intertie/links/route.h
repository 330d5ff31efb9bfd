// How a link's messages travel, and when it takes what for lost. Values and pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "intertie/base/ids.h"
#include "intertie/base/units.h"
#include "intertie/wire/messages.h"

namespace intertie::links {

// How the session's control messages travel, and the rest where nothing else is planned. neither: they wait.
struct Route {
  bool direct = false;
  std::optional<SiteId> relay;
  friend bool operator==(const Route&, const Route&) = default;
};

// One of the ways that what a site sends another in merges is to take: directly, or over relays in this order, at this rate.
struct PlannedWay {
  SiteId from;
  SiteId to;
  std::vector<SiteId> relays = {};
  BitRate rate = {};
  friend bool operator==(const PlannedWay&, const PlannedWay&) = default;
};

// Where an envelope goes that came to `self` over the link to `via`: to `self`, where that is its end, or on to the next site
// of the way that it names. nullopt: it has no business here - the way does not lead from `via` to `self`, comes through a site
// twice, or is too long.
std::optional<SiteId> next_on_way(const wire::Envelope& envelope, SiteId via, SiteId self);

struct LinkTiming {
  Duration beat_every = std::chrono::milliseconds(250);
  Duration silence = std::chrono::seconds(1);              // of all streams: the site is not heard directly
  Duration drop_after = std::chrono::seconds(3);           // of silence: the streams are closed, and opened again
  Duration path_silence = std::chrono::milliseconds(500);  // of one path while others live, or three of its round trips: dead
  Duration stream_silence = std::chrono::seconds(20);  // of one merge stream while others live: it is closed, and opened again
  Duration resend_after = std::chrono::seconds(5);     // without any acknowledgement over a relay
};

}  // namespace intertie::links
