// Disk: files of a site, real or in memory. Calls block: large ones belong on a Worker. Errors name the path and the reason
// ("no space left", "permission denied"), code reconfigure or give_up. Any thread (each call stands alone).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"

namespace intertie::env {

// A file being written. Once sync() has returned, its bytes last, whatever happens. A name that is new lasts when its folder
// is synced: by a rename or a write_atomically() there.
class WritableFile {
 public:
  virtual ~WritableFile() = default;  // closes
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;
  virtual Result<void> sync() = 0;
};

// A whole file, mapped (real) or held (in memory), read-only.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};

// Held until it is destroyed, or its process ends however it ends.
class Lock {
 public:
  virtual ~Lock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  // Creates `path` and locks it, at once or not at all. Error (reconfigure): somebody else holds it.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;     // truncates
  virtual Result<std::unique_ptr<WritableFile>> append_to(const std::string& path) = 0;  // creates when missing
  virtual Result<std::unique_ptr<MappedFile>> map(const std::string& path) = 0;
  virtual Result<std::vector<std::byte>> read(const std::string& path) = 0;
  // All or nothing: writes beside, syncs file and folder, renames.
  virtual Result<void> write_atomically(const std::string& path, std::span<const std::byte> bytes) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  // then syncs the folder; files or folders
  virtual Result<void> make_folders(const std::string& path) = 0;                // and syncs the folders that new ones are in
  virtual Result<void> remove_all(const std::string& path) = 0;                  // then syncs the folder
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;  // names, sorted
  virtual bool exists(const std::string& path) = 0;
  // A link, a pipe or a device, there or not what it leads to: write_atomically() would put a file into its place.
  virtual bool leads_elsewhere(const std::string& path) = 0;
};

}  // namespace intertie::env
