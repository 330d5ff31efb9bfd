// A site's checkpoint: a folder `checkpoints/VERSION.RESTART/` with state.safetensors and manifest.json, written beside and
// renamed, so that it is whole or absent. A checkpoint of the *run* is complete when every member's manifest hash is in the
// store (docs/protocol.md rule 20); this folder knows only one site's part. Thread: worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/ids.h"
#include "intertie/base/result.h"
#include "intertie/checkpoint/safetensors.h"
#include "intertie/env/disk.h"

namespace intertie::checkpoint {

// The scalar part; everything is text in the manifest so that a person can read it.
struct Manifest {
  std::string run;
  std::string site;
  Version version;                // of the last fragment, applied when this was written
  Restart restart;                // of the run that wrote it
  std::uint64_t step = 0;         // inner steps done by this site
  std::uint64_t tokens = 0;       // counted by the run
  std::uint64_t next_sample = 0;  // the cursor
  Hash64 agreement;               // of the run file
  Hash64 data;
  int threads = 0;
  std::map<std::string, std::string> more;   // what methods add (bases, schedule, contribution numbers)
  std::map<std::string, WrittenFile> files;  // set by write()
};

struct Written {
  std::string folder;
  Hash64 manifest_hash;  // what the store is told
  std::uint64_t bytes = 0;
};

// Writes tensors and manifest atomically. An existing checkpoint of the same version and restart is replaced.
Result<Written> write(env::Disk& disk, const std::string& folder, Manifest manifest, std::span<const Tensor> tensors);

// What is on disk, newest first (by version, then restart); unreadable or unfinished folders are left out.
struct Found {
  std::string folder;
  Manifest manifest;
  Hash64 manifest_hash;
};
Result<std::vector<Found>> find(env::Disk& disk, const std::string& folder);

// Opens state.safetensors after comparing sizes and hashes with the manifest. Errors: reconfigure, naming the damaged file.
Result<SafetensorsFile> open(env::Disk& disk, const Found& found);

// Removes all but those listed in `keep` (manifest hashes). Never the newest.
Result<void> prune(env::Disk& disk, const std::string& folder, std::span<const Hash64> keep);

}  // namespace intertie::checkpoint
