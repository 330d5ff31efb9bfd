// A run that goes on, as its members see it.
#pragma once

#include "intertie/members/cluster_fixture.h"

namespace intertie::members {

// A run of `num` sites that has begun.
class Running : public Cluster {
 public:
  explicit Running(std::size_t num) : Cluster(num) {
    all_ready();
    for (std::uint16_t i = 0; i < num; ++i) member(i).opened(Version{5});
  }
  // Its state has come to the site, and the store's holder hears of it.
  void catch_up(std::uint16_t site) { perform(site, member(site).caught_up(Version{5})); }
};

inline std::vector<wire::MemberRecord> fenced_at(const Cluster& cluster, std::uint16_t site) {
  std::vector<wire::MemberRecord> records;
  for (const Fence& fence : cluster.all<Fence>(site)) records.push_back(fence.member);
  return records;
}

}  // namespace intertie::members
