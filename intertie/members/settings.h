// What the Member of a site, and the Holder at one of them, are made of. A value.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intertie/base/units.h"
#include "intertie/members/actions.h"
#include "intertie/members/store.h"

namespace intertie::members {

// The site that holds the store: the first of the run file.
inline constexpr SiteId kHolder{0};

struct Settings {
  std::string run;
  SiteId self;
  std::vector<std::string> site_names;
  Incarnation incarnation;
  std::function<wire::Schedule(const std::vector<SiteId>& members)> schedule;
  std::optional<StoreState> store;  // the holder's, as loaded; nullopt elsewhere or when new
  Surroundings surroundings;
  Duration silence = std::chrono::seconds(2);  // after which whoever can be heard of by no way has to go
};

}  // namespace intertie::members
