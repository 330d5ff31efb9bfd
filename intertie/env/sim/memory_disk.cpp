#include "intertie/env/sim/memory_disk.h"

#include <algorithm>
#include <map>

namespace intertie::env::sim {
namespace {

Error failed(const std::string& path, std::string what, std::string fix = {}) {
  return Error{.code = ErrorCode::reconfigure, .where = path, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return parts;
}

class HeldLock final : public Lock {
 public:
  using Paths = std::set<std::vector<std::string>>;
  HeldLock(std::shared_ptr<Paths> locked, std::vector<std::string> path) : locked_(std::move(locked)), path_(std::move(path)) {}
  ~HeldLock() override { locked_->erase(path_); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  std::shared_ptr<Paths> locked_;
  std::vector<std::string> path_;
};

class HeldFile final : public MappedFile {
 public:
  explicit HeldFile(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::byte> bytes() const override { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

// A file or a folder, and what of it a power cut would leave.
struct MemoryDisk::Node {
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  bool folder = false;
  Names names, synced_names;
  std::vector<std::byte> bytes;
  std::size_t num_synced = 0;  // bytes from the start

  std::uint64_t size() const {
    std::uint64_t total = bytes.size();
    for (const auto& [name, node] : names) total += node->size();
    return total;
  }
  void lose_unsynced(bool keep_names) {
    (keep_names ? synced_names : names) = keep_names ? names : synced_names;
    for (const auto& [name, node] : names) node->lose_unsynced(keep_names);
    bytes.resize(keep_names ? num_synced + (bytes.size() - num_synced) / 2 : num_synced);
    num_synced = bytes.size();
  }
};

class MemoryDisk::File final : public WritableFile {
 public:
  File(MemoryDisk& owner, std::string file_path, std::shared_ptr<Node> file_node)
      : disk(owner), path(std::move(file_path)), node(std::move(file_node)), num_crashes(owner.num_crashes_) {}
  Result<void> append(std::span<const std::byte> bytes) override { return disk.append(*this, bytes); }
  Result<void> sync() override { return disk.sync(*this); }

  MemoryDisk& disk;
  const std::string path;
  const std::shared_ptr<Node> node;
  const std::uint64_t num_crashes;  // when it was opened
};

MemoryDisk::MemoryDisk(Bytes capacity)
    : root_(std::make_shared<Node>()), locked_(std::make_shared<std::set<Path>>()), capacity_(capacity) {
  root_->folder = true;
}

MemoryDisk::~MemoryDisk() = default;

std::shared_ptr<MemoryDisk::Node> MemoryDisk::find(std::span<const std::string> path) const {
  std::shared_ptr<Node> node = root_;
  for (const std::string& name : path) {
    const auto found = node->names.find(name);
    if (found == node->names.end()) return nullptr;
    node = found->second;
  }
  return node;
}

std::shared_ptr<MemoryDisk::Node> MemoryDisk::folder_of(const Path& path) const {
  return find(std::span(path).first(path.size() - 1));
}

Result<void> MemoryDisk::begin_change(const std::string& path) {
  if (stopped_at_ && num_changes_ >= *stopped_at_) return failed(path, "stopped by the simulation");
  ++num_changes_;
  return {};
}

Result<std::unique_ptr<Lock>> MemoryDisk::lock(const std::string& path) {
  if (!locked_->insert(split(path)).second) return failed(path, "another process works in this folder");
  return std::unique_ptr<Lock>(std::make_unique<HeldLock>(locked_, split(path)));
}

Result<std::unique_ptr<WritableFile>> MemoryDisk::create(const std::string& path) { return open(path, Opening::truncate); }

Result<std::unique_ptr<WritableFile>> MemoryDisk::append_to(const std::string& path) { return open(path, Opening::append); }

Result<std::unique_ptr<WritableFile>> MemoryDisk::open(const std::string& path, Opening opening) {
  const std::lock_guard lock(mutex_);
  const Path parts = split(path);
  if (parts.empty()) return failed(path, "is a folder");
  const auto folder = folder_of(parts);
  if (!folder || !folder->folder) return failed(path, "no such folder");
  auto node = find(parts);
  if (node && node->folder) return failed(path, "is a folder");
  if (!node || opening == Opening::truncate) {
    INTERTIE_RETURN_IF_ERROR(begin_change(path));
    node = std::make_shared<Node>();  // of its own: until a sync, a power cut brings the old one back
    folder->names[parts.back()] = node;
  }
  return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, path, node));
}

Result<void> MemoryDisk::append(File& file, std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  if (file.num_crashes != num_crashes_) return failed(file.path, "opened before the crash");
  INTERTIE_RETURN_IF_ERROR(begin_change(file.path));
  const bool limited = capacity_.value != UINT64_MAX;
  const std::uint64_t room = limited ? capacity_.value - std::min(capacity_.value, root_->size()) : UINT64_MAX;
  const auto fitting = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
  file.node->bytes.insert(file.node->bytes.end(), fitting.begin(), fitting.end());
  if (fitting.size() < bytes.size()) return failed(file.path, "no space left", "free some, or name a folder on another disk");
  return {};
}

Result<void> MemoryDisk::sync(File& file) {
  const std::lock_guard lock(mutex_);
  if (file.num_crashes != num_crashes_) return failed(file.path, "opened before the crash");
  INTERTIE_RETURN_IF_ERROR(begin_change(file.path));
  file.node->num_synced = file.node->bytes.size();
  const Path parts = split(file.path);
  if (find(parts) != file.node) return {};
  // A name that lasts already is of a file that was truncated, and now stands for these bytes.
  auto& lasting = folder_of(parts)->synced_names;
  if (const auto name = lasting.find(parts.back()); name != lasting.end()) name->second = file.node;
  return {};
}

Result<std::vector<std::byte>> MemoryDisk::bytes_of(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto node = find(split(path));
  if (!node) return failed(path, "no such file");
  if (node->folder) return failed(path, "is a folder");
  return node->bytes;
}

Result<std::vector<std::byte>> MemoryDisk::read(const std::string& path) { return bytes_of(path); }

Result<std::unique_ptr<MappedFile>> MemoryDisk::map(const std::string& path) {
  INTERTIE_ASSIGN(auto bytes, bytes_of(path));
  return std::unique_ptr<MappedFile>(std::make_unique<HeldFile>(std::move(bytes)));
}

Result<void> MemoryDisk::write_atomically(const std::string& path, std::span<const std::byte> bytes) {
  const std::string beside = path + ".new";
  {
    INTERTIE_ASSIGN(const auto file, create(beside));
    INTERTIE_RETURN_IF_ERROR(file->append(bytes));
    INTERTIE_RETURN_IF_ERROR(file->sync());
  }
  return rename(beside, path);
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const Path source = split(from), target = split(to);
  const auto node = find(source);
  if (!node || source.empty()) return failed(from, "no such file or folder");
  if (target.empty()) return failed(to, "already exists");
  const auto source_folder = folder_of(source);
  const auto target_folder = folder_of(target);
  if (!target_folder || !target_folder->folder) return failed(to, "no such folder");
  const auto replaced = find(target);
  if (replaced == node) return {};
  if (replaced && (node->folder || replaced->folder)) return failed(to, "already exists");
  const bool into_itself =
      node->folder && target.size() > source.size() && std::equal(source.begin(), source.end(), target.begin());
  if (into_itself) return failed(to, "lies inside of what is renamed");
  INTERTIE_RETURN_IF_ERROR(begin_change(from));
  source_folder->names.erase(source.back());
  target_folder->names[target.back()] = node;
  source_folder->synced_names = source_folder->names;
  target_folder->synced_names = target_folder->names;
  return {};
}

Result<void> MemoryDisk::make_folders(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Path parts = split(path);
  if (const auto node = find(parts); node && node->folder) return {};
  INTERTIE_RETURN_IF_ERROR(begin_change(path));
  std::shared_ptr<Node> node = root_;
  std::vector<std::shared_ptr<Node>> changed;
  for (const std::string& name : parts) {
    auto& child = node->names[name];
    if (child && !child->folder) return failed(path, "is in the way of a folder: " + name);
    if (!child) {
      child = std::make_shared<Node>();
      child->folder = true;
      changed.push_back(node);
    }
    node = child;
  }
  INTERTIE_RETURN_IF_ERROR(begin_change(path));
  for (const auto& folder : changed) folder->synced_names = folder->names;
  return {};
}

Result<void> MemoryDisk::remove_all(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Path parts = split(path);
  if (parts.empty()) return failed(path, "is the root");
  if (!find(parts)) return {};
  INTERTIE_RETURN_IF_ERROR(begin_change(path));
  const auto folder = folder_of(parts);
  folder->names.erase(parts.back());
  INTERTIE_RETURN_IF_ERROR(begin_change(path));
  folder->synced_names = folder->names;
  return {};
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  const auto node = find(split(folder));
  if (!node || !node->folder) return failed(folder, "no such folder");
  std::vector<std::string> names;
  for (const auto& [name, child] : node->names) names.push_back(name);
  return names;
}

bool MemoryDisk::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return find(split(path)) != nullptr;
}

void MemoryDisk::crash() { lose_unsynced(false); }

void MemoryDisk::crash_keeping_names() { lose_unsynced(true); }

void MemoryDisk::lose_unsynced(bool keep_names) {
  const std::lock_guard lock(mutex_);
  root_->lose_unsynced(keep_names);
  locked_ = std::make_shared<std::set<Path>>();
  stopped_at_.reset();
  ++num_crashes_;
}

void MemoryDisk::stop_after(std::uint64_t num_changes) {
  const std::lock_guard lock(mutex_);
  stopped_at_ = num_changes_ + num_changes;
}

std::uint64_t MemoryDisk::num_changes() const {
  const std::lock_guard lock(mutex_);
  return num_changes_;
}

void MemoryDisk::set_capacity(Bytes capacity) {
  const std::lock_guard lock(mutex_);
  capacity_ = capacity;
}

void MemoryDisk::damage(const std::string& path, std::size_t byte) {
  const std::lock_guard lock(mutex_);
  const auto node = find(split(path));
  INTERTIE_CHECK(node != nullptr);
  INTERTIE_CHECK_LT(byte, node->bytes.size());
  node->bytes[byte] ^= std::byte{1};
}

}  // namespace intertie::env::sim
