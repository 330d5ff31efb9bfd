#include "intertie/env/real/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string_view>

#include "intertie/env/real/scratch_folder_fixture.h"

namespace {
std::vector<std::string>* watching = nullptr;  // where the paths of what is synced go
}

// In the place of libc's, for this program.
extern "C" int fsync(int file) {
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), ignored);
  if (watching != nullptr) watching->push_back(path.string());
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace intertie::env::real {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string text(std::span<const std::byte> got) { return {reinterpret_cast<const char*>(got.data()), got.size()}; }

TEST(PosixDisk, WritesReadsAndMaps) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.write_atomically(folder / "a", bytes("hello")));
  EXPECT_EQ(text(*disk.read(folder / "a")), "hello");
  EXPECT_EQ(text((*disk.map(folder / "a"))->bytes()), "hello");
  ASSERT_TRUE(disk.write_atomically(folder / "a", bytes("")));
  EXPECT_TRUE((*disk.map(folder / "a"))->bytes().empty());
  EXPECT_TRUE(disk.read(folder / "a")->empty());
  EXPECT_EQ(*disk.list(folder.path()), std::vector<std::string>{"a"}) << "nothing is left beside";
}

TEST(PosixDisk, CreateTruncatesAndAppendAppends) {
  ScratchFolder folder;
  PosixDisk disk;
  for (const char* content : {"first", "second"}) {
    auto file = disk.create(folder / "log");
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(bytes(content)));
    ASSERT_TRUE((*file)->sync());
  }
  auto more = disk.append_to(folder / "log");
  ASSERT_TRUE((*more)->append(bytes("+")));
  ASSERT_TRUE((*disk.append_to(folder / "new"))->append(bytes("x")));
  EXPECT_EQ(text(*disk.read(folder / "log")), "second+");
  EXPECT_EQ(text(*disk.read(folder / "new")), "x");
}

TEST(PosixDisk, FoldersListsRenamesAndRemoves) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.make_folders(folder / "x/y"));
  ASSERT_TRUE(disk.make_folders(folder / "x/y"));
  ASSERT_TRUE(disk.write_atomically(folder / "x/b", bytes("b")));
  ASSERT_TRUE(disk.write_atomically(folder / "x/a", bytes("a")));
  EXPECT_EQ(*disk.list(folder / "x"), (std::vector<std::string>{"a", "b", "y"}));
  ASSERT_TRUE(disk.rename(folder / "x", folder / "z"));
  EXPECT_FALSE(disk.exists(folder / "x"));
  EXPECT_TRUE(disk.exists(folder / "z/y"));
  ASSERT_TRUE(disk.remove_all(folder / "z"));
  EXPECT_FALSE(disk.exists(folder / "z"));
  EXPECT_TRUE(disk.remove_all(folder / "z"));
}

// What is synced while one lives.
class Synced {
 public:
  Synced() { watching = &paths_; }
  ~Synced() { watching = nullptr; }
  Synced(const Synced&) = delete;
  Synced& operator=(const Synced&) = delete;
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  std::vector<std::string> paths_;
};

TEST(PosixDisk, NewFoldersLast) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.make_folders(folder / "old"));
  const Synced synced;
  ASSERT_TRUE(disk.make_folders(folder / "old/a/b"));
  ASSERT_EQ(synced.paths(), (std::vector<std::string>{folder / "old", folder / "old/a"}));
  ASSERT_TRUE(disk.make_folders(folder / "old/a/b/c/"));
  EXPECT_EQ(synced.paths().back(), folder / "old/a/b");
  const std::size_t so_far = synced.paths().size();
  ASSERT_TRUE(disk.make_folders(folder / "old/a"));
  EXPECT_EQ(synced.paths().size(), so_far) << "nothing is new";
}

TEST(PosixDisk, ARemovalLasts) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.make_folders(folder / "x/y"));
  ASSERT_TRUE(disk.write_atomically(folder / "x/y/file", bytes("x")));
  const Synced synced;
  ASSERT_TRUE(disk.remove_all(folder / "x/y"));
  EXPECT_EQ(synced.paths(), std::vector<std::string>{folder / "x"});
  ASSERT_TRUE(disk.remove_all(folder / "x/y"));
  ASSERT_TRUE(disk.remove_all(folder / "never/was"));
  EXPECT_EQ(synced.paths().size(), 1U) << "nothing was removed";
}

TEST(PosixDisk, AnOldPartDoesNotStandInTheWay) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.write_atomically(folder / "a.part", bytes("half of an older write")));
  ASSERT_TRUE(disk.write_atomically(folder / "a", bytes("new")));
  EXPECT_EQ(text(*disk.read(folder / "a")), "new");
  EXPECT_FALSE(disk.exists(folder / "a.part"));
}

TEST(PosixDisk, ALockIsHeldOnceAndEndsWithItsHolder) {
  ScratchFolder folder;
  PosixDisk disk;
  auto held = disk.lock(folder / "lock");
  ASSERT_TRUE(held);
  const auto second = disk.lock(folder / "lock");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("another process works in this folder"), std::string::npos);
  held->reset();
  EXPECT_TRUE(disk.lock(folder / "lock"));
}

TEST(PosixDisk, KeysAreForTheirOwnerOnly) {
  ScratchFolder folder;
  ASSERT_TRUE(write_file_atomically(folder / "key", bytes("secret"), 0600));
  struct stat about {};
  ASSERT_EQ(::stat((folder / "key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0600u);
}

TEST(PosixDisk, APipeOrADeviceIsRefusedWithoutWaiting) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder / "pipe", std::string("/dev/zero")}) {
    for (const Error& error : {disk.read(path).error(), disk.map(path).error()}) {
      EXPECT_EQ(error.where, path);
      EXPECT_EQ(error.what, "cannot read: it is a pipe or a device, not a file");
      EXPECT_EQ(error.code, ErrorCode::reconfigure);
    }
  }
}

TEST(PosixDisk, KnowsWhatLeadsElsewhere) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.write_atomically(folder / "file", bytes("x")));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("file", folder / "link");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  for (const std::string& path : {folder / "pipe", folder / "link", folder / "dangling", std::string("/dev/null")}) {
    EXPECT_TRUE(disk.leads_elsewhere(path)) << path;
  }
  for (const std::string& path : {folder / "file", folder / "none", folder / "none/x", folder.path()}) {
    EXPECT_FALSE(disk.leads_elsewhere(path)) << path;
  }
}

TEST(PosixDisk, ErrorsNameThePathTheActionAndTheReason) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.write_atomically(folder / "file", bytes("x")));
  const struct {
    Error error;
    const char* what;
    std::string path;
  } cases[] = {
      {disk.read(folder / "none").error(), "cannot read: no such file or folder", folder / "none"},
      {disk.map(folder / "none").error(), "cannot read: no such file or folder", folder / "none"},
      {disk.read(folder.path()).error(), "cannot read: it is a folder", folder.path()},
      {disk.map(folder.path()).error(), "cannot read: it is a folder", folder.path()},
      {disk.create(folder / "file/x").error(), "a part of the path is a file", folder / "file/x"},
      {disk.create(folder / "none/x").error(), "cannot create: no such file or folder", folder / "none/x"},
      {disk.write_atomically(folder / "none/x", bytes("x")).error(), "no such file or folder", folder / "none/x"},
      {disk.make_folders(folder / "file/x").error(), "a part of the path is a file", folder / "file/x"},
      {disk.list(folder / "none").error(), "cannot list the folder: no such file", folder / "none"},
      {disk.rename(folder / "none", folder / "x").error(), "cannot rename to", folder / "none"},
  };
  for (const auto& c : cases) {
    EXPECT_NE(c.error.message().find(c.what), std::string::npos) << c.error.message();
    EXPECT_NE(c.error.message().find(c.path), std::string::npos) << c.error.message();
    EXPECT_EQ(c.error.code, ErrorCode::reconfigure);
  }
}

TEST(PosixDisk, AFullDiskIsAnErrorAndNotAShortFile) {
  PosixDisk disk;
  auto file = disk.append_to("/dev/full");
  if (!file) GTEST_SKIP() << "this system has no /dev/full";
  const auto written = (*file)->append(bytes("x"));
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message().find("no space left"), std::string::npos);
  EXPECT_EQ(written.error().code, ErrorCode::give_up);
}

TEST(PosixDisk, AFailedAtomicWriteLeavesTheOldFile) {
  ScratchFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(disk.make_folders(folder / "a/inside"));
  const auto written = disk.write_atomically(folder / "a", bytes("over a folder"));
  EXPECT_FALSE(written);
  EXPECT_TRUE(disk.exists(folder / "a/inside"));
  EXPECT_FALSE(disk.exists(folder / "a.part"));
}

}  // namespace
}  // namespace intertie::env::real
