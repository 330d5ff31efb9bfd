#include "intertie/sync/anchor_hashes.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::sync {
namespace {

constexpr std::size_t kMostOpen = 4096;

}  // namespace

Result<void> AnchorHashes::add(SiteId site, Version version, Hash64 hash) {
  if (version <= compared_) return {};
  // As many as anybody could be ahead by, and more: what a site says of versions that never come is not kept.
  if (!reported_.contains(version) && reported_.size() >= kMostOpen) return {};
  reported_[version][site] = hash;
  return compare(version);
}

void AnchorHashes::begin_anew() {
  reported_.clear();
  compared_ = {};
}

Result<void> AnchorHashes::look_again() {
  std::vector<Version> versions;
  for (const auto& [version, hashes] : reported_) versions.push_back(version);
  for (const Version version : versions) INTERTIE_RETURN_IF_ERROR(compare(version));
  return {};
}

Result<void> AnchorHashes::compare(Version version) {
  const auto found = reported_.find(version);
  if (found == reported_.end()) return {};
  std::map<SiteId, Hash64> all;
  for (const SiteId site : reporters_(version)) {
    const auto hash = found->second.find(site);
    if (hash == found->second.end()) return {};
    all.insert(*hash);
  }
  if (all.empty()) return {};
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
