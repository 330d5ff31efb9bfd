#include "intertie/env/real/posix_disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "intertie/env/real/descriptor.h"

namespace intertie::env::real {
namespace {

constexpr unsigned kUsualMode = 0666;  // less the umask, as the next
constexpr unsigned kUsualFolderMode = 0777;

Error disk_error(const std::string& path, const std::string& action, int number) {
  const auto error = [&](ErrorCode code, const std::string& why, std::string fix) {
    return Error{.code = code, .where = path, .what = "cannot " + action + ": " + why, .fix = std::move(fix), .cause = {}};
  };
  switch (number) {
    case ENOSPC:
    case EDQUOT: return error(ErrorCode::give_up, "no space left on the disk", "free some space there");
    case EACCES:
    case EPERM: return error(ErrorCode::reconfigure, "permission denied", "give this user access, or choose another path");
    case EROFS: return error(ErrorCode::reconfigure, "the file system is read-only", "choose another path");
    case ENOENT: return error(ErrorCode::reconfigure, "no such file or folder", "check the path");
    case ENOTDIR: return error(ErrorCode::reconfigure, "a part of the path is a file, not a folder", "check the path");
    case EISDIR: return error(ErrorCode::reconfigure, "it is a folder, not a file", "check the path");
    default: return error(ErrorCode::give_up, std::strerror(number), "");
  }
}

Result<Descriptor> open_file(const std::string& path, const std::string& action, int flags, unsigned mode = kUsualMode) {
  const int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (number < 0) return disk_error(path, action, errno);
  return Descriptor(number);
}

Result<void> write_all(const Descriptor& file, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error(path, "write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_file(const Descriptor& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return disk_error(path, "write to the disk", errno);
  return {};
}

std::string folder_of(std::filesystem::path path) {
  if (!path.has_filename()) path = path.parent_path();  // "a/b/"
  const std::string folder = path.parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<void> sync_folder(const std::string& folder) {
  INTERTIE_ASSIGN(const Descriptor file, open_file(folder, "open the folder", O_RDONLY | O_DIRECTORY));
  return sync_file(file, folder);
}

// Without waiting: opening a named pipe would, for somebody who writes to it.
Result<Descriptor> open_to_read(const std::string& path) { return open_file(path, "read", O_RDONLY | O_NONBLOCK); }

Result<std::size_t> size_of_file(const Descriptor& file, const std::string& path) {
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return disk_error(path, "read", errno);
  if (S_ISDIR(about.st_mode)) return disk_error(path, "read", EISDIR);
  if (!S_ISREG(about.st_mode)) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = path,
                 .what = "cannot read: it is a pipe or a device, not a file",
                 .fix = "write what it gives into a file, and name that",
                 .cause = {}};
  }
  return static_cast<std::size_t>(about.st_size);
}

class PosixFile final : public WritableFile {
 public:
  PosixFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  Result<void> append(std::span<const std::byte> bytes) override { return write_all(file_, path_, bytes); }
  Result<void> sync() override { return sync_file(file_, path_); }

 private:
  Descriptor file_;
  std::string path_;
};

class PosixLock final : public Lock {
 public:
  explicit PosixLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;  // the lock ends with the last descriptor of it
};

class PosixMapping final : public MappedFile {
 public:
  PosixMapping(void* start, std::size_t size) : start_(start), size_(size) {}
  ~PosixMapping() override {
    if (size_ > 0) ::munmap(start_, size_);
  }
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  std::span<const std::byte> bytes() const override { return {static_cast<const std::byte*>(start_), size_}; }

 private:
  void* start_;
  std::size_t size_;
};

Result<std::unique_ptr<WritableFile>> open_for_writing(const std::string& path, const char* action, int flags) {
  INTERTIE_ASSIGN(Descriptor file, open_file(path, action, O_WRONLY | O_CREAT | flags));
  return std::unique_ptr<WritableFile>(std::make_unique<PosixFile>(std::move(file), path));
}

Result<void> write_and_sync(const std::string& path, std::span<const std::byte> bytes, unsigned mode) {
  ::unlink(path.c_str());  // left by a process that died; if it is anything else, the next line says so
  INTERTIE_ASSIGN(const Descriptor file, open_file(path, "create", O_WRONLY | O_CREAT | O_EXCL, mode));
  INTERTIE_RETURN_IF_ERROR(write_all(file, path, bytes));
  return sync_file(file, path);
}

}  // namespace

Result<std::unique_ptr<Lock>> PosixDisk::lock(const std::string& path) {
  INTERTIE_ASSIGN(Descriptor file, open_file(path, "create", O_RDWR | O_CREAT));
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return disk_error(path, "lock", errno);
    return Error{.code = ErrorCode::reconfigure,
                 .where = path,
                 .what = "another process works in this folder",
                 .fix = "wait until it has ended, or end it (fuser shows which it is)",
                 .cause = {}};
  }
  return std::unique_ptr<Lock>(std::make_unique<PosixLock>(std::move(file)));
}

Result<std::unique_ptr<WritableFile>> PosixDisk::create(const std::string& path) {
  return open_for_writing(path, "create", O_TRUNC);
}

Result<std::unique_ptr<WritableFile>> PosixDisk::append_to(const std::string& path) {
  return open_for_writing(path, "append to", O_APPEND);
}

Result<std::unique_ptr<MappedFile>> PosixDisk::map(const std::string& path) {
  INTERTIE_ASSIGN(const Descriptor file, open_to_read(path));
  INTERTIE_ASSIGN(const std::size_t size, size_of_file(file, path));
  if (size == 0) return std::unique_ptr<MappedFile>(std::make_unique<PosixMapping>(nullptr, 0));
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) return disk_error(path, "map", errno);
  return std::unique_ptr<MappedFile>(std::make_unique<PosixMapping>(start, size));
}

Result<std::vector<std::byte>> PosixDisk::read(const std::string& path) {
  INTERTIE_ASSIGN(const Descriptor file, open_to_read(path));
  INTERTIE_ASSIGN(const std::size_t size, size_of_file(file, path));
  std::vector<std::byte> bytes(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error(path, "read", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<void> write_file_atomically(const std::string& path, std::span<const std::byte> bytes, unsigned mode) {
  const std::string part = path + ".part";
  if (auto written = write_and_sync(part, bytes, mode); !written) {
    ::unlink(part.c_str());
    return written;
  }
  if (::rename(part.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(part.c_str());
    return disk_error(path, "create", number);
  }
  return sync_folder(folder_of(path));
}

Result<void> PosixDisk::write_atomically(const std::string& path, std::span<const std::byte> bytes) {
  return write_file_atomically(path, bytes, kUsualMode);
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return disk_error(from, "rename to " + to, errno);
  INTERTIE_RETURN_IF_ERROR(sync_folder(folder_of(to)));
  return folder_of(from) == folder_of(to) ? Result<void>() : sync_folder(folder_of(from));
}

Result<void> PosixDisk::make_folders(const std::string& path) {
  const auto failed = [&](int number) { return disk_error(path, "create the folder", number); };
  std::error_code error;
  std::vector<std::string> missing;  // the innermost first
  for (std::filesystem::path part = path; !part.empty() && !std::filesystem::exists(part, error); part = part.parent_path()) {
    if (error) return failed(error.value());
    missing.push_back(part.string());
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (::mkdir(folder->c_str(), kUsualFolderMode) != 0 && errno != EEXIST) return failed(errno);
    INTERTIE_RETURN_IF_ERROR(sync_folder(folder_of(*folder)));
  }
  if (!std::filesystem::is_directory(path, error)) return failed(error ? error.value() : ENOTDIR);
  return {};
}

Result<void> PosixDisk::remove_all(const std::string& path) {
  std::error_code error;
  const std::uintmax_t removed = std::filesystem::remove_all(path, error);
  if (error) return disk_error(path, "remove", error.value());
  return removed == 0 ? Result<void>() : sync_folder(folder_of(path));
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  std::vector<std::string> names;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return disk_error(folder, "list the folder", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixDisk::exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

bool PosixDisk::leads_elsewhere(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::symlink_status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) && !std::filesystem::is_directory(status);
}

}  // namespace intertie::env::real
