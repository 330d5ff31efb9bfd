// The run file: one TOML file that describes a run, as typed values. Every key, its unit, default and meaning are declared in
// run_file.cpp's tables, from which docs/run-file.md is generated.
// Values; made once at start, validated here and nowhere else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/data/settings.h"
#include "intertie/env/network.h"
#include "intertie/sync/settings.h"
#include "intertie/train/settings.h"

namespace intertie::site {

struct RunSettings {
  std::string name;  // [a-z0-9-]+, in certificates, folders and logs
  std::uint64_t seed = 1;
  std::string folder;      // where this run's state lives; default runs/NAME beside the working folder
  Duration start_wait{0};  // how long a site waits for the others to appear; default 2 min
};

struct SiteSettings {
  std::string name;
  std::optional<env::Address> address;  // needed for --site; --local takes loopback ports instead
  std::optional<int> local_batch_size;
  std::optional<Duration> step_time;  // paced site: a step takes at least this long (DESIGN: measuring on one machine)
  std::string device;                 // empty: [train] device
};

struct PathSettings {
  BitRate rate;            // 0: not stated
  Duration round_trip{0};  // from `rtt`, or from km at 4.90 us/km one way
  int streams = 4;         // TCP connections
};

struct LinkSettings {
  std::string a, b;
  std::vector<PathSettings> paths;
};

struct RunFile {
  std::string path;  // as given
  std::string text;  // as read, for checkpoints and reports
  RunSettings run;
  train::ModelSettings model;
  data::Settings data;
  train::Settings train;
  sync::Settings sync;
  std::vector<SiteSettings> sites;  // in site order: SiteId is the position
  std::vector<LinkSettings> links;
  std::vector<std::string> unused;  // keys that the file has and `train` cannot use yet: "site[0].power_cap (run.toml:31)"

  // What all sites must agree on, one `key = value` a line in a fixed order (no addresses, devices, folders, threads): its
  // hash is in every hello, and the text itself is compared to name the first key that differs.
  std::string agreement() const;
};

// Overrides from `--set path=value`, e.g. "sync.every=10", "site.columbus.local_batch_size=4".
Result<RunFile> read_run_file(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace intertie::site
