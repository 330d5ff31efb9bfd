// A site before anything runs: what the run file and the command line say of it, its text and its model, and the settings with
// which its run is made. Used by the process of a site (site_process.h), which calls these in this order.
// Blocks on the disk; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intertie/base/event.h"
#include "intertie/env/disk.h"
#include "intertie/site/model_factory.h"
#include "intertie/site/programs.h"
#include "intertie/site/run_file.h"
#include "intertie/site/site_data.h"
#include "intertie/sync/run.h"

namespace intertie::site {

struct PreparedSite {
  RunFile file;
  SiteId self;
  std::string folder;  // of this site
  std::string certificates;
  std::vector<env::Address> addresses;  // of all sites, in site order
  int threads = 1;
  std::optional<sync::PlannedDeath> dies_at;
  std::optional<SiteData> data;             // once it is open
  std::unique_ptr<train::LocalStep> model;  // once it is open

  const SiteSettings& settings() const { return file.sites[self.value]; }
};

// Without the text and the model. Errors (reconfigure) name the run file. Nothing is written.
Result<PreparedSite> prepare_site(const SiteCommand& command, env::Disk& disk);
// Writes the cache of the encoded text.
Result<void> open_data(PreparedSite& site, env::Disk& disk);
// A new model, as any start has; needs the text.
Result<void> open_model(PreparedSite& site, const ModelFactory& make_model);

// Need text and model.
sync::RunSettings run_settings(const PreparedSite& site, const SiteCommand& command);
Event started_event(const PreparedSite& site, bool emulated);

}  // namespace intertie::site
