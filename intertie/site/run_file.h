// The run file: one TOML file that describes a run, as typed values. Every key, its unit, default and meaning are declared in
// run_file_keys.cpp, from which docs/run-file.md is generated.
// Values; made once at start, validated here and nowhere else.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/ids.h"
#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/data/settings.h"
#include "intertie/env/disk.h"
#include "intertie/env/network.h"
#include "intertie/links/path.h"
#include "intertie/sync/settings.h"
#include "intertie/train/settings.h"

namespace intertie::site {

struct RunSettings {
  std::string name;  // [a-z0-9-]+, in certificates, folders and logs
  std::uint64_t seed = 1;
  std::string folder;                             // where this run's state lives; default runs/NAME in the working folder
  Duration start_wait = std::chrono::minutes(2);  // how long a site waits for the others to appear
  Duration store_wait = std::chrono::minutes(10);
  Duration lost_after = std::chrono::seconds(3);
};

struct SiteSettings {
  std::string name;
  std::optional<env::Address> address;  // that others dial; needed for --site; --local takes loopback ports instead
  std::optional<env::Address> listen;   // empty: listens_at()
  std::optional<int> local_batch_size;
  std::optional<Duration> step_time;  // paced site: a step takes at least this long (to measure several on one machine)
  std::string device;                 // empty: [train] device
  std::string congestion_control = env::kAutomatic;
};

struct PathSettings {
  BitRate rate;                                        // 0: not stated
  Duration round_trip{0};                              // from `rtt`, from `delay` (one way), or from km at 4.90 us/km one way
  int streams = 4;                                     // TCP connections
  std::map<std::string, env::Address> addresses = {};  // of its two ends, by site; empty: those of the sites
};

struct LinkSettings {
  std::string a, b;
  std::vector<PathSettings> paths;
  std::span<const PathSettings> used() const;  // all that name their addresses, which they do if one does; else the first
};

struct RunFile {
  std::string path;    // as given
  std::string folder;  // that the file is in; relative paths in it start there
  std::string text;    // as read, for checkpoints and reports
  RunSettings run;
  train::ModelSettings model;  // intermediate_size is filled in; vocab_size stays 0 for the tokenizer's
  data::Settings data;         // paths start at the working folder or at the root
  train::Settings train;       // sequence_length and decay are filled in
  sync::Settings sync;
  std::vector<SiteSettings> sites;  // in site order: SiteId is the position; never empty
  std::vector<LinkSettings> links;
  std::vector<std::string> unused;  // what the file has and `train` does not use: "site.columbus.power_cap (run.toml:31)"

  // What all sites must agree on, one `key = value` a line in a fixed order (no addresses, devices, folders, threads): its
  // hash is in every hello, and the text itself is compared to name the first key that differs.
  std::string agreement() const;

  std::optional<SiteId> find_site(const std::string& name) const;
  Result<SiteId> require_site(const std::string& name) const;  // the error (reconfigure) lists the run's sites
  const LinkSettings* find_link(SiteId a, SiteId b) const;     // null: not in the file
  // To each site, in site order. `local`: all sites are on this machine, where a link has one path, to the site's address.
  std::vector<std::vector<links::PathSettings>> paths_from(SiteId self, bool local) const;
  std::vector<env::Address> listens_at(SiteId self) const;  // listens_at(site), and at its ends of paths
  Result<std::vector<env::Address>> addresses() const;  // that sites dial, in site order. Errors (reconfigure): one has none
  int batch_size(SiteId site) const;                    // sequences of a site and step
  std::uint64_t tokens_per_step() const;                // over all sites
  std::uint64_t steps_of(const train::Stretch& stretch) const;  // rounded up
  std::uint64_t num_steps() const { return steps_of(train.tokens); }
  std::uint64_t steps_per_merge() const;
  Error error(std::string what, std::string fix) const;  // of what the file says (reconfigure)
};

// Overrides from `--set path=value`, e.g. "sync.every=10", "site.columbus.local_batch_size=4"; `data`, where there is any, from
// `--data`: in the place of [data] train. Errors (reconfigure) name file and line, or the override; the first one found is
// returned.
Result<RunFile> read_run_file(env::Disk& disk, const std::string& path, const std::vector<std::string>& overrides,
                              const std::vector<std::string>& data = {});

// The same over a text that was read before. `read` is asked for the file that [model] config names.
using ReadText = std::function<Result<std::string>(const std::string& path)>;
Result<RunFile> parse_run_file(std::string text, const std::string& path, const std::vector<std::string>& overrides,
                               const ReadText& read, const std::vector<std::string>& data = {});

// Where a site listens that is started with --site: as its run file says; else at every interface with the port of its address,
// or at its address where that is this machine's loopback.
env::Address listens_at(const SiteSettings& site);

// Round trip over `km` of fibre at 4.90 us/km one way.
Duration fibre_round_trip(double km);

}  // namespace intertie::site
