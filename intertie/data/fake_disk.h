// FakeDisk: files in a map, for the tests of this folder. Folders are the prefixes of its paths.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/env/disk.h"

namespace intertie::data {

class FakeDisk final : public env::Disk {
 public:
  std::map<std::string, std::vector<std::byte>> files;
  bool full = false;  // writing fails

  void put(const std::string& path, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    files[path].assign(bytes.begin(), bytes.end());
  }
  void put_tokens(const std::string& path, const std::vector<std::uint16_t>& tokens) {
    const auto bytes = std::as_bytes(std::span(tokens));
    files[path].assign(bytes.begin(), bytes.end());
  }

  Result<std::unique_ptr<env::WritableFile>> create(const std::string& path) override {
    if (full) return failure(path, "no space left on the disk");
    files[path].clear();
    return std::unique_ptr<env::WritableFile>(std::make_unique<Writer>(files[path]));
  }
  Result<std::unique_ptr<env::WritableFile>> append_to(const std::string& path) override {
    return std::unique_ptr<env::WritableFile>(std::make_unique<Writer>(files[path]));
  }
  Result<std::unique_ptr<env::MappedFile>> map(const std::string& path) override {
    if (!files.contains(path)) return failure(path, "no such file");
    return std::unique_ptr<env::MappedFile>(std::make_unique<Held>(files[path]));
  }
  Result<std::vector<std::byte>> read(const std::string& path) override {
    if (!files.contains(path)) return failure(path, "no such file");
    return files[path];
  }
  Result<void> write_atomically(const std::string& path, std::span<const std::byte> bytes) override {
    files[path].assign(bytes.begin(), bytes.end());
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    files[to] = files.at(from);
    files.erase(from);
    return {};
  }
  Result<void> make_folders(const std::string&) override { return {}; }
  Result<void> remove_all(const std::string& path) override {
    std::erase_if(files, [&](const auto& file) { return file.first == path || file.first.starts_with(path + "/"); });
    return {};
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::string prefix = folder == "." ? "" : folder.ends_with('/') ? folder : folder + "/";
    std::set<std::string> names;
    for (const auto& [path, bytes] : files) {
      if (path.starts_with(prefix)) names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    }
    if (names.empty()) return failure(folder, "not a folder");
    return std::vector<std::string>(names.begin(), names.end());
  }
  bool exists(const std::string& path) override {
    return files.contains(path) ||
           std::ranges::any_of(files, [&](const auto& file) { return file.first.starts_with(path + "/"); });
  }

 private:
  struct Writer final : env::WritableFile {
    explicit Writer(std::vector<std::byte>& to) : bytes(to) {}
    Result<void> append(std::span<const std::byte> more) override {
      bytes.insert(bytes.end(), more.begin(), more.end());
      return {};
    }
    Result<void> sync() override { return {}; }
    std::vector<std::byte>& bytes;
  };
  struct Held final : env::MappedFile {
    explicit Held(std::vector<std::byte> from) : held(std::move(from)) {}
    std::span<const std::byte> bytes() const override { return held; }
    std::vector<std::byte> held;
  };
  static Error failure(const std::string& path, const char* what) {
    return Error{ErrorCode::reconfigure, path, what, {}, nullptr};
  }
};

}  // namespace intertie::data
