// PosixDisk: the Disk of a real process. Any thread; calls block.
#pragma once

#include "intertie/env/disk.h"

namespace intertie::env::real {

class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> append_to(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<std::vector<std::byte>> read(const std::string& path) override;
  Result<void> write_atomically(const std::string& path, std::span<const std::byte> bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> make_folders(const std::string& path) override;
  Result<void> remove_all(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  bool exists(const std::string& path) override;
  bool leads_elsewhere(const std::string& path) override;
};

// As Disk::write_atomically, with the permissions of the new file (0600 for keys).
Result<void> write_file_atomically(const std::string& path, std::span<const std::byte> bytes, unsigned mode);

}  // namespace intertie::env::real
