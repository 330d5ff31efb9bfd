// The flush before a change of members: what the sites that stay reported, and how the merges that were open are completed
// (docs/protocol.md rule 15). Pure; any thread.
#pragma once

#include <map>
#include <vector>

#include "intertie/wire/messages.h"

namespace intertie::members {

struct FlushOutcome {
  std::vector<SiteId> survivors;         // who goes on, in site order
  std::vector<SiteId> left_behind;       // reported, but miss more than others still hold: they fetch the state anew
  Version from_version;                  // the first that nobody has opened
  std::vector<wire::MergeOrder> orders;  // of the open ones before it
};

// `reports`: of every site that is to stay; at least one. `starts`: which start of a site has reported; where it is not named,
// the one that the merges name. A new start has no part in what the one before it was to make.
FlushOutcome decide(const std::map<SiteId, wire::FlushReport>& reports, const std::map<SiteId, Incarnation>& starts = {});

}  // namespace intertie::members
