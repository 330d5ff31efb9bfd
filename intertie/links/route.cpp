#include "intertie/links/route.h"

#include <algorithm>

namespace intertie::links {

std::optional<SiteId> next_on_way(const wire::Envelope& envelope, SiteId via, SiteId self) {
  if (envelope.relays.size() > wire::kMostRelays) return std::nullopt;
  std::vector<SiteId> stops = envelope.relays;
  stops.insert(stops.begin(), envelope.from);
  stops.push_back(envelope.to);
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (std::count(stops.begin(), stops.end(), stops[i]) > 1) return std::nullopt;
  }
  for (std::size_t i = 0; i + 1 < stops.size(); ++i) {
    if (stops[i] != via || stops[i + 1] != self) continue;
    return self == envelope.to ? self : stops[i + 2];
  }
  return std::nullopt;
}

}  // namespace intertie::links
