// MemoryDisk: a Disk in memory for tests and simulation, which forgets what a real one may forget. A power cut loses bytes that
// were not synced and names (creations, removals) in folders that were not synced. sync() of a file makes its bytes last, not
// its name; rename() syncs both folders, make_folders() the folders that new ones are in, remove_all() the folder, each of the
// two as a change of its own. Paths are taken from one root; "a//b/" is "a/b".
// Any thread, one call at a time. Files that are being written must not outlive the disk.
//
//   MemoryDisk disk;
//   disk.stop_after(5);      // the sixth change and all after it fail and change nothing, as if the process had been killed
//   write_something(disk);
//   disk.crash();            // what a person finds after the power came back
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/env/disk.h"

namespace intertie::env::sim {

class MemoryDisk final : public Disk {
 public:
  explicit MemoryDisk(Bytes capacity = Bytes{UINT64_MAX});
  ~MemoryDisk() override;
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> append_to(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::vector<std::byte>> read(const std::string& path) override;
  // Made of the calls above, so that it can be stopped between them.
  Result<void> write_atomically(const std::string& path, std::span<const std::byte> bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> make_folders(const std::string& path) override;
  Result<void> remove_all(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  bool exists(const std::string& path) override;
  bool leads_elsewhere(const std::string& /*path*/) override { return false; }  // it has files and folders only

  // Power cut: nothing survives that no sync covered, and no lock. Files that were open stay unusable; stop_after is lifted.
  void crash();
  // The other extreme that a real disk allows: every name survives, and half of the bytes that were not synced.
  void crash_keeping_names();

  // Lets `num_changes` more changes happen (a creation, an append, a sync, a renaming, a removal, the sync of the folder after
  // new folders or a removal); later ones fail.
  void stop_after(std::uint64_t num_changes);
  std::uint64_t num_changes() const;

  void set_capacity(Bytes capacity);
  // Flips the lowest bit of one byte of a file.
  void damage(const std::string& path, std::size_t byte);

 private:
  struct Node;
  class File;
  using Path = std::vector<std::string>;
  enum class Opening { truncate, append };

  Result<std::unique_ptr<WritableFile>> open(const std::string& path, Opening opening);
  Result<void> begin_change(const std::string& path);
  Result<std::vector<std::byte>> bytes_of(const std::string& path) const;
  Result<void> append(File& file, std::span<const std::byte> bytes);
  Result<void> sync(File& file);
  std::shared_ptr<Node> find(std::span<const std::string> path) const;
  std::shared_ptr<Node> folder_of(const Path& path) const;
  void lose_unsynced(bool keep_names);

  mutable std::mutex mutex_;
  std::shared_ptr<Node> root_;
  std::shared_ptr<std::set<Path>> locked_;
  Bytes capacity_;
  std::uint64_t num_changes_ = 0;
  std::optional<std::uint64_t> stopped_at_;
  std::uint64_t num_crashes_ = 0;
};

}  // namespace intertie::env::sim
