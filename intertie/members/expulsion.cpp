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

// Asked once for every two sites.
class Table {
 public:
  Table(const std::vector<SiteId>& members, const Direct& direct) : size_(members.back().value + std::size_t{1}) {
    hears_.resize(size_ * size_);
    for (const SiteId a : members) {
      for (const SiteId b : members) hears_[a.value * size_ + b.value] = a != b && direct(a, b) ? 1 : 0;
    }
  }
  bool direct(SiteId a, SiteId b) const { return hears_[a.value * size_ + b.value] != 0; }

 private:
  std::size_t size_;
  std::vector<char> hears_;
};

// Of sets that may go, the first that is good; looks at no more than kMostSets of them.
class Search {
 public:
  Search(SiteId holder, const Direct& direct) : holder_(holder), direct_(direct) {}
  // Whether `count` more of rest[..next] may go, the last ones first.
  bool without(std::vector<SiteId>& rest, std::size_t next, std::size_t count) {
    if (count == 0) return ++looked_at_ <= kMostSets && all_reach(rest, direct_);
    for (std::size_t i = next; i-- > 0 && !takes_too_long();) {
      const SiteId site = rest[i];
      if (site == holder_) continue;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      if (without(rest, i, count - 1)) return true;
      rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(i), site);
    }
    return false;
  }
  bool takes_too_long() const { return looked_at_ > kMostSets; }

 private:
  static constexpr int kMostSets = 4000;
  SiteId holder_;
  const Direct& direct_;
  int looked_at_ = 0;
};

// One after another: whoever cannot reach the most of the others.
void one_after_another(std::vector<SiteId>& rest, SiteId holder, const Direct& direct) {
  while (!all_reach(rest, direct)) {
    const auto misses = [&](SiteId site) {
      return std::count_if(rest.begin(), rest.end(),
                           [&](SiteId other) { return other != site && !reach(rest, site, other, direct); });
    };
    auto worst = rest.end();
    for (auto site = rest.begin(); site != rest.end(); ++site) {
      if (*site != holder && (worst == rest.end() || misses(*site) >= misses(*worst))) worst = site;
    }
    rest.erase(worst);
  }
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
  const Table table(heard, direct);
  const Direct hears = [&table](SiteId a, SiteId b) { return table.direct(a, b); };
  std::vector<SiteId> rest = heard;
  Search search(holder, hears);
  for (std::size_t count = 0; !search.without(rest, rest.size(), count) && !search.takes_too_long();) ++count;
  if (search.takes_too_long()) one_after_another(rest, holder, hears);
  std::vector<SiteId> gone;
  std::set_difference(members.begin(), members.end(), rest.begin(), rest.end(), std::back_inserter(gone));
  return gone;
}

}  // namespace intertie::members
