#include "intertie/sync/anchor_hashes.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::sync {

Result<void> AnchorHashes::add(SiteId site, Version version, Hash64 hash) {
  if (version <= compared_) return {};
  std::map<SiteId, Hash64>& hashes = reported_[version];
  hashes[site] = hash;
  if (hashes.size() < site_names_.size()) return {};
  const std::map<SiteId, Hash64> all = std::move(hashes);
  reported_.erase(reported_.begin(), reported_.upper_bound(version));
  const bool equal =
      std::all_of(all.begin(), all.end(), [&](const auto& entry) { return entry.second == all.begin()->second; });
  if (!equal) return disagreement(version, all);
  compared_ = version;
  return {};
}

Error AnchorHashes::disagreement(Version version, const std::map<SiteId, Hash64>& hashes) const {
  std::map<Hash64, std::size_t> votes;
  for (const auto& [site, hash] : hashes) ++votes[hash];
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool majority = most->second * 2 > hashes.size();
  std::string who;
  for (const auto& [site, hash] : hashes) {
    if (majority && hash == most->first) continue;
    who += fmt::format("{}site {} has {}", who.empty() ? "" : ", ", site_names_[site.value], to_string(hash));
  }
  return {.code = ErrorCode::give_up,
          .where = fmt::format("version {}", version.value),
          .what = majority ? fmt::format("parameters differ from the others' ({}): {}", to_string(most->first), who)
                           : "parameters differ between all sites: " + who,
          .fix = "check that site's memory and disk, then resume from the last checkpoint with --resume",
          .cause = {}};
}

}  // namespace intertie::sync
