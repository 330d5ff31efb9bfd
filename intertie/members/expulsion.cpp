#include "intertie/members/expulsion.h"

#include <algorithm>

namespace intertie::members {
namespace {

using Direct = std::function<bool(SiteId, SiteId)>;

bool reach(const std::vector<SiteId>& members, SiteId a, SiteId b, const Direct& direct) {
  return direct(a, b) || std::any_of(members.begin(), members.end(), [&](SiteId relay) {
           return relay != a && relay != b && direct(a, relay) && direct(relay, b);
         });
}

bool all_reach(const std::vector<SiteId>& members, const Direct& direct) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = i + 1; j < members.size(); ++j) {
      if (!reach(members, members[i], members[j], direct)) return false;
    }
  }
  return true;
}

// Whether `count` more of members[next..] may go, the last ones first.
bool without(std::vector<SiteId>& rest, std::size_t next, std::size_t count, SiteId holder, const Direct& direct) {
  if (count == 0) return all_reach(rest, direct);
  for (std::size_t i = next; i-- > 0;) {
    const SiteId site = rest[i];
    if (site == holder) continue;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (without(rest, i, count - 1, holder, direct)) return true;
    rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(i), site);
  }
  return false;
}

}  // namespace

std::vector<SiteId> expulsion(const std::vector<SiteId>& members, SiteId holder, const Direct& direct) {
  // Whoever is heard by nobody has to go whatever the others do, which leaves few to choose from.
  std::vector<SiteId> heard;
  std::copy_if(members.begin(), members.end(), std::back_inserter(heard), [&](SiteId site) {
    return site == holder ||
           std::any_of(members.begin(), members.end(), [&](SiteId other) { return other != site && direct(site, other); });
  });
  // So has whoever does not reach the holder, which leaves few even where half of the sites are cut off.
  for (bool changed = true; changed;) {
    const std::size_t before = heard.size();
    const std::vector<SiteId> now = heard;
    std::erase_if(heard, [&](SiteId site) { return site != holder && !reach(now, site, holder, direct); });
    changed = heard.size() < before;
  }
  std::vector<SiteId> rest = heard;
  for (std::size_t count = 0; count < heard.size(); ++count) {
    rest = heard;
    if (without(rest, rest.size(), count, holder, direct)) break;
  }
  std::vector<SiteId> gone;
  std::set_difference(members.begin(), members.end(), rest.begin(), rest.end(), std::back_inserter(gone));
  return gone;
}

}  // namespace intertie::members
