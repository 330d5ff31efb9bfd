#include "intertie/site/prepared_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/env/real/cores.h"
#include "intertie/site/folders.h"
#include "intertie/site/text_notes.h"

namespace intertie::site {
namespace {

int threads_of(const RunFile& file, const SiteCommand& command) {
  if (file.train.threads > 0) return file.train.threads;
  const int sharing = command.local ? static_cast<int>(file.sites.size()) : 1;
  return std::max(1, env::real::available_cores() / sharing);
}

}  // namespace

Result<PreparedSite> prepare_site(const SiteCommand& command, env::Disk& disk) {
  PreparedSite site;
  INTERTIE_ASSIGN(site.file, read_run_file(disk, command.run_file, command.overrides, command.data));
  INTERTIE_ASSIGN(site.self, site.file.require_site(command.site));
  site.folder = site_folder(site.file, command.site);
  site.certificates = command.certificates.empty() ? certificates_folder(site.file) : command.certificates;
  site.addresses = command.addresses;
  if (site.addresses.empty()) {
    INTERTIE_ASSIGN(site.addresses, site.file.addresses());
  }
  site.threads = threads_of(site.file, command);
  if (!command.die_at.empty()) {
    INTERTIE_ASSIGN(site.dies_at, sync::parse_planned_death(command.die_at));
  }
  return site;
}

Result<void> open_data(PreparedSite& site, env::Disk& disk) {
  const data::ShardCache cache{.folder = data_folder(site.file), .writer = site.settings().name};
  INTERTIE_ASSIGN(site.data, open_site_data(site.file, disk, cache));
  return {};
}

Result<void> open_model(PreparedSite& site, const ModelFactory& make_model) {
  const std::string& device = site.settings().device;
  train::ModelSettings model = site.file.model;
  if (model.vocab_size == 0) model.vocab_size = site.data->corpus.tokenizer.vocabulary_size();
  INTERTIE_ASSIGN(site.model, make_model({.model = model,
                                          .device = device.empty() ? site.file.train.device : device,
                                          .precision = site.file.train.precision,
                                          .threads = site.threads,
                                          .seed = site.file.run.seed,
                                          .site = site.self}));
  return {};
}

sync::RunSettings run_settings(const PreparedSite& site, const SiteCommand& command) {
  const RunFile& file = site.file;
  sync::RunSettings settings{.run = file.run.name,
                             .self = site.self,
                             .site_names = {},
                             .addresses = site.addresses,
                             .listen = {},
                             .paths = file.paths_from(site.self, !command.addresses.empty()),
                             .batch_sizes = {},
                             .sequence_length = file.train.sequence_length,
                             .step_time = site.settings().step_time,
                             .sync = file.sync,
                             .train = file.train,
                             .folder = site.folder,
                             .resume = command.resume,
                             .fresh = command.fresh,
                             .agreement = hash_text(file.agreement()),
                             .agreement_text = file.agreement(),
                             .data = site.data->corpus.hash,
                             .carried = to_manifest(text_notes(site.data->corpus)),
                             .start_wait = file.run.start_wait,
                             .store_wait = file.run.store_wait,
                             .lost_after = file.run.lost_after,
                             .dies_at = site.dies_at};
  settings.train.threads = site.threads;
  if (command.progress_every > Duration(0)) settings.progress_every = command.progress_every;
  if (command.addresses.empty()) settings.listen = file.listens_at(site.self);
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) {
    settings.site_names.push_back(file.sites[i].name);
    settings.batch_sizes.push_back(file.batch_size(SiteId{i}));
  }
  return settings;
}

Event started_event(const PreparedSite& site, bool emulated) {
  const RunFile& file = site.file;
  return {"run.started",
          {{"run", file.run.name},
           {"method", std::string(file.sync.method == sync::Method::diloco ? "diloco" : "synchronous")},
           {"num_sites", static_cast<std::int64_t>(file.sites.size())},
           {"num_steps", static_cast<std::int64_t>(file.num_steps())},
           {"tokens_per_step", static_cast<std::int64_t>(file.tokens_per_step())},
           {"num_parameters", static_cast<std::int64_t>(site.model->layout().num_elements)},
           {"trainer", site.model->description()},
           {"threads", std::int64_t{site.threads}},
           {"agreement", to_string(hash_text(file.agreement()))},
           {"data", to_string(site.data->corpus.hash)},
           {"emulated", emulated},
           {"paced", site.settings().step_time.has_value()}}};
}

}  // namespace intertie::site
