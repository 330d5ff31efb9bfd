// The map of a network as a probe found it (links/probe.h). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/map.h"
#include "intertie/wire/probes.h"

namespace intertie::reduce {

// `reports`: of each site, in site order, what its links delivered; they are checked before. A site's access rate is the most
// that was delivered from it (or to it) in one second; those within 5 % of each other become their mean. A link that alone came
// near the access rate of one of its ends has no limit of its own. A link over which nothing was delivered is none.
Map measured_map(const std::vector<std::string>& names, const std::vector<wire::ProbeReport>& reports);

// What the site numbered `from` says of its links: to each other site at most one, rates and round trips that can be. Errors:
// give_up.
Result<void> check_report(const wire::ProbeReport& report, SiteId from, std::size_t num_sites);

}  // namespace intertie::reduce
