// What a site's checkpoint contains, and back: parameters under their published names, inner moments, anchor, outer momentum,
// the model's random state, and the cursor (docs/protocol.md rule 20). Between merges, when nothing is in flight.
// Owner thread: the worker.
#pragma once

#include <string>

#include "intertie/base/result.h"
#include "intertie/checkpoint/checkpoint.h"
#include "intertie/env/disk.h"
#include "intertie/sync/site_state.h"

namespace intertie::sync {

// In a manifest's `more`: what `agreement` is the hash of.
inline constexpr const char* kAgreementText = "agreement_text";

struct SaveAs {
  std::string folder;  // of this site's checkpoints
  std::string run;
  std::string site;
  Hash64 data;
};
Result<checkpoint::Written> save(env::Disk& disk, const SaveAs& as, SiteState& site);

// Reads `found` into `site`: parameters and optimiser states (worker thread). Errors (reconfigure) name the file and what does
// not fit.
Result<void> restore(env::Disk& disk, const checkpoint::Found& found, SiteState& site);

// The parameters alone, for whoever only uses the model.
Result<void> restore_parameters(const checkpoint::SafetensorsFile& file, const checkpoint::Found& found,
                                train::LocalStep& model);

}  // namespace intertie::sync
