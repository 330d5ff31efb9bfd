// What a store may hold when a run starts, and what the sites have on their disks.
#pragma once

#include "intertie/members/cluster_fixture.h"

namespace intertie::members {

inline StoreState store_with(std::vector<CheckpointRecord> checkpoints) {
  StoreState state;
  state.run = "test";
  state.view = ViewNumber{3};
  state.restart = Restart{1};
  state.checkpoints = std::move(checkpoints);
  return state;
}

// Of `sites` sites; `without` did not write.
inline CheckpointRecord record_of(std::uint64_t version, std::uint32_t restart, std::size_t sites, bool complete = true,
                                  std::optional<std::size_t> without = {}) {
  CheckpointRecord record{Version{version}, Restart{restart}, {}, complete};
  for (std::size_t i = 0; i < sites; ++i) record.manifests.push_back(Hash64{version * 10 + i});
  if (without) record.manifests[*without].reset();
  return record;
}

// The sites have on their disks what the store remembers.
inline void offer(Cluster& cluster, const CheckpointRecord& record) {
  for (std::size_t i = 0; i < cluster.sites.size(); ++i) {
    if (!record.manifests[i]) continue;
    cluster.sites[i].ready.checkpoints.push_back({record.version, record.restart, *record.manifests[i]});
  }
}

inline void resume(Cluster& cluster) {
  for (SitesOfARun::Site& site : cluster.sites) site.ready.resume = true;
}

}  // namespace intertie::members
