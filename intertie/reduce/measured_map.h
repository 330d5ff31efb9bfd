// The map of a network as a probe found it (links/probe.h). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/map.h"
#include "intertie/wire/probes.h"

namespace intertie::reduce {

// `reports`: of each site, in site order, what came into it. A site's access rate is the most that it was seen to send (or
// receive) at one time. A link that alone came near the access rate of one of its ends has no limit of its own. A link over
// which nothing came is none.
// `reports` are checked before.
Map measured_map(const std::vector<std::string>& names, const std::vector<wire::ProbeReport>& reports);

// What the site numbered `to` says came into it: each other site at most once, rates and round trips that can be. Errors:
// give_up.
Result<void> check_report(const wire::ProbeReport& report, SiteId to, std::size_t num_sites);

}  // namespace intertie::reduce
