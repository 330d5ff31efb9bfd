#include "intertie/env/sim/memory_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace intertie::env::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> bytes(std::string_view text) {
  std::vector<std::byte> result(text.size());
  if (!text.empty()) std::memcpy(result.data(), text.data(), text.size());
  return result;
}

std::string text_of(MemoryDisk& disk, const std::string& path) {
  const auto content = disk.read(path);
  if (!content) return "(" + content.error().what + ")";
  return {reinterpret_cast<const char*>(content->data()), content->size()};
}

std::unique_ptr<WritableFile> created(MemoryDisk& disk, const std::string& path, std::string_view text) {
  auto file = disk.create(path);
  EXPECT_TRUE(file) << file.error().message();
  EXPECT_TRUE((*file)->append(bytes(text)));
  return *std::move(file);
}

TEST(MemoryDisk, WritesAppendsReadsAndLists) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run/checkpoints"));
  created(disk, "run/log", "one");
  ASSERT_TRUE((*disk.append_to("/run//log"))->append(bytes(" two")));
  EXPECT_EQ(text_of(disk, "run/log"), "one two");
  EXPECT_EQ((*disk.map("run/log"))->bytes().size(), 7U);
  EXPECT_THAT(*disk.list("run/"), ElementsAre("checkpoints", "log"));
  created(disk, "run/log", "new");
  EXPECT_EQ(text_of(disk, "run/log"), "new") << "create truncates";
  ASSERT_TRUE(disk.write_atomically("run/log", bytes("whole")));
  EXPECT_EQ(text_of(disk, "run/log"), "whole");
  EXPECT_THAT(*disk.list("run"), ElementsAre("checkpoints", "log")) << "nothing is left beside";
  ASSERT_TRUE(disk.remove_all("run"));
  EXPECT_FALSE(disk.exists("run/log"));
}

TEST(MemoryDisk, RenamesFoldersWithWhatIsInThem) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("a/b"));
  created(disk, "a/b/file", "x");
  ASSERT_TRUE(disk.rename("a", "c"));
  EXPECT_EQ(text_of(disk, "c/b/file"), "x");
  EXPECT_FALSE(disk.exists("a"));
}

TEST(MemoryDisk, RefusesWhatARealDiskRefuses) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("folder/inner"));
  created(disk, "file", "x");
  EXPECT_EQ(disk.create("missing/file").error().what, "no such folder");
  EXPECT_EQ(disk.create("file/x").error().what, "no such folder");
  EXPECT_EQ(disk.create("folder").error().what, "is a folder");
  EXPECT_EQ(disk.read("missing").error().what, "no such file");
  EXPECT_EQ(disk.map("folder").error().what, "is a folder");
  EXPECT_EQ(disk.list("missing").error().what, "no such folder");
  EXPECT_EQ(disk.rename("missing", "x").error().what, "no such file or folder");
  EXPECT_EQ(disk.rename("folder", "file").error().what, "already exists");
  EXPECT_EQ(disk.rename("file", "folder").error().what, "already exists");
  EXPECT_EQ(disk.rename("folder", "folder/inner/x").error().what, "lies inside of what is renamed");
  EXPECT_THAT(disk.make_folders("file/x").error().what, HasSubstr("in the way"));
  EXPECT_TRUE(disk.remove_all("missing"));
  EXPECT_EQ(disk.read("missing").error().where, "missing") << "errors name the path";
}

TEST(MemoryDisk, ACrashLosesWhatWasNotSynced) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run/kept"));
  const auto file = created(disk, "run/kept/synced", "before");
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(disk.write_atomically("run/kept/other", bytes("x"))) << "syncs the folder";
  ASSERT_TRUE(file->append(bytes(" after")));
  created(disk, "run/kept/unsynced", "x");
  disk.crash();
  EXPECT_EQ(text_of(disk, "run/kept/synced"), "before");
  EXPECT_FALSE(disk.exists("run/kept/unsynced"));
  EXPECT_FALSE(file->append(bytes("x"))) << "the process that had it open is dead";
}

TEST(MemoryDisk, ASyncOfAFileMakesItsBytesLastButNotItsName) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run"));
  ASSERT_TRUE(created(disk, "run/file", "x")->sync());
  disk.crash();
  EXPECT_THAT(*disk.list("run"), ElementsAre());
  ASSERT_TRUE(disk.write_atomically("run/file", bytes("old")));
  ASSERT_TRUE(created(disk, "run/file", "new")->sync());
  disk.crash();
  EXPECT_EQ(text_of(disk, "run/file"), "new") << "the name lasted before";
}

TEST(MemoryDisk, AFolderIsLostBeforeTheOneItIsInIsSynced) {
  MemoryDisk disk;
  disk.stop_after(1);
  EXPECT_FALSE(disk.make_folders("run/checkpoints"));
  EXPECT_TRUE(disk.exists("run/checkpoints"));
  disk.crash();
  EXPECT_FALSE(disk.exists("run"));
  ASSERT_TRUE(disk.make_folders("run/checkpoints"));
  disk.crash();
  EXPECT_TRUE(disk.exists("run/checkpoints"));
}

TEST(MemoryDisk, ACrashBringsBackWhatWasRemovedOrTruncated) {
  MemoryDisk disk;
  for (const char* path : {"removed", "truncated"}) ASSERT_TRUE(disk.write_atomically(path, bytes("old")));
  created(disk, "truncated", "new");
  disk.stop_after(1);
  EXPECT_FALSE(disk.remove_all("removed")) << "the folder was not synced any more";
  EXPECT_FALSE(disk.exists("removed"));
  disk.crash();
  EXPECT_EQ(text_of(disk, "removed"), "old");
  EXPECT_EQ(text_of(disk, "truncated"), "old");
  ASSERT_TRUE(disk.remove_all("removed"));
  disk.crash();
  EXPECT_FALSE(disk.exists("removed"));
}

TEST(MemoryDisk, ARenamingLastsButNotTheBytesThatWereNotSynced) {
  MemoryDisk disk;
  created(disk, "careless.new", "x");
  ASSERT_TRUE(disk.rename("careless.new", "careless"));
  ASSERT_TRUE(disk.write_atomically("careful", bytes("x")));
  disk.crash();
  EXPECT_EQ(text_of(disk, "careless"), "");
  EXPECT_EQ(text_of(disk, "careful"), "x");
  EXPECT_THAT(*disk.list(""), ElementsAre("careful", "careless"));
}

TEST(MemoryDisk, ACrashMayKeepNamesAndSomeBytes) {
  MemoryDisk disk;
  const auto file = created(disk, "file", "1234");
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append(bytes("abcdef")));
  created(disk, "other", "12");
  disk.crash_keeping_names();
  EXPECT_EQ(text_of(disk, "file"), "1234abc");
  EXPECT_EQ(text_of(disk, "other"), "1");
  disk.crash();
  EXPECT_EQ(text_of(disk, "other"), "1") << "what survived one crash survives the next";
}

TEST(MemoryDisk, CanBeStoppedBeforeAnyChange) {
  const auto change = [](MemoryDisk& disk) { return disk.write_atomically("file", bytes("new")); };
  MemoryDisk counting;
  ASSERT_TRUE(change(counting));
  ASSERT_EQ(counting.num_changes(), 4U) << "create, append, sync, rename";
  for (std::uint64_t n = 0; n < 4; ++n) {
    MemoryDisk disk;
    ASSERT_TRUE(disk.write_atomically("file", bytes("old")));
    disk.stop_after(n);
    EXPECT_FALSE(change(disk)) << n;
    EXPECT_EQ(text_of(disk, "file"), "old") << n;
    disk.crash();
    EXPECT_EQ(text_of(disk, "file"), "old") << n;
    EXPECT_TRUE(change(disk)) << "the stop is over after the crash";
  }
}

TEST(MemoryDisk, RunsOutOfSpace) {
  MemoryDisk disk(Bytes{5});
  ASSERT_TRUE((*disk.create("a"))->append(bytes("123")));
  const auto full = (*disk.create("b"))->append(bytes("456"));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::reconfigure);
  EXPECT_THAT(full.error().message(), HasSubstr("b: no space left"));
  EXPECT_EQ(text_of(disk, "b"), "45") << "what fitted was written";
  ASSERT_TRUE(disk.remove_all("b"));
  EXPECT_TRUE(disk.write_atomically("b", bytes("45")));
  disk.set_capacity(Bytes{100});
  EXPECT_TRUE(disk.write_atomically("b", bytes("456")));
}

TEST(MemoryDisk, DamageFlipsABit) {
  MemoryDisk disk;
  created(disk, "file", "abc");
  disk.damage("file", 1);
  EXPECT_EQ(text_of(disk, "file"), "acc");
}

}  // namespace
}  // namespace intertie::env::sim
