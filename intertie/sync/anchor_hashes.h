// AnchorHashes: compares what all members say their anchor is (docs/protocol.md rule 11). Sans-I/O. Owner thread: the loop.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/ids.h"
#include "intertie/base/result.h"

namespace intertie::sync {

class AnchorHashes {
 public:
  // `reporters`: the sites that are to report a version.
  AnchorHashes(std::vector<std::string> site_names, std::function<std::vector<SiteId>(Version)> reporters)
      : site_names_(std::move(site_names)), reporters_(std::move(reporters)) {}

  // `site` applied `version` and got `hash`. When all have reported and differ: an error (give_up) that names the sites
  // outside the majority, or all of them where there is none.
  Result<void> add(SiteId site, Version version, Hash64 hash);
  // The run begins, perhaps anew: what was said of an earlier one means nothing.
  void begin_anew();
  // The reporters have changed.
  Result<void> look_again();

  // The newest version that all sites have reported and agreed on.
  Version compared() const { return compared_; }

 private:
  Result<void> compare(Version version);
  Error disagreement(Version version, const std::map<SiteId, Hash64>& hashes) const;

  std::vector<std::string> site_names_;
  std::function<std::vector<SiteId>(Version)> reporters_;
  std::map<Version, std::map<SiteId, Hash64>> reported_;
  Version compared_;
};

}  // namespace intertie::sync
