// The store: the authority for views and for which checkpoints of the run are complete (docs/protocol.md rules 14, 20).
// Embedded form: one small JSON file in the folder of the site that holds it, replaced atomically and synced before anybody is
// answered. StoreState is a value; load and save block briefly. Owner thread: the loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/disk.h"
#include "intertie/wire/messages.h"

namespace intertie::members {

struct CheckpointRecord {
  Version version;
  Restart restart;
  std::vector<std::optional<Hash64>> manifests;  // by site
  bool complete = false;                         // every member that made the version and is still one has written its part
  std::vector<SiteId> writers() const;           // whose manifests are here
  friend bool operator==(const CheckpointRecord&, const CheckpointRecord&) = default;
};

struct StoreState {
  std::string run;
  Incarnation incarnation;  // of the store itself: how often it was opened
  ViewNumber view;
  Restart restart;
  std::vector<wire::MemberRecord> members;
  std::vector<CheckpointRecord> checkpoints;  // oldest first
  std::optional<wire::StopOrder> stop;        // of the run that goes on
  friend bool operator==(const StoreState&, const StoreState&) = default;
};

// nullopt: there is no store yet. Errors (reconfigure): the file is damaged or of another run; names it.
Result<std::optional<StoreState>> load_store(env::Disk& disk, const std::string& path, const std::string& run);
Result<void> save_store(env::Disk& disk, const std::string& path, const StoreState& state);

// Exposed for the fuzzer: parses what save_store wrote.
Result<StoreState> parse_store(const std::string& text, const std::string& path);

}  // namespace intertie::members
