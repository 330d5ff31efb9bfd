#include "intertie/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "intertie/env/sim/memory_disk.h"

namespace intertie::checkpoint {
namespace {

using env::sim::MemoryDisk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kFolder = "run/checkpoints";

// A checkpoint whose content says which one it is; `content` tells rewritten ones of the same name apart.
Result<Written> save(MemoryDisk& disk, std::uint64_t version, std::uint32_t restart = 0, float content = 0) {
  const std::vector<float> theta(1000, static_cast<float>(version) + content);
  const std::vector<std::uint8_t> random_state = {1, 2, 3};
  const std::vector<Tensor> tensors = {
      {.name = "random", .dtype = "U8", .shape = {3}, .bytes = std::as_bytes(std::span(random_state))},
      {.name = "theta", .dtype = "F32", .shape = {1000}, .bytes = std::as_bytes(std::span(theta))}};
  Manifest manifest;
  manifest.run = "r";
  manifest.site = "s";
  manifest.version = {version};
  manifest.restart = {restart};
  return write(disk, kFolder, std::move(manifest), tensors);
}

// Opens it, which compares hashes, and returns theta's first element; -1 if it is not whole.
float content_of(MemoryDisk& disk, const Found& found) {
  const auto file = open(disk, found);
  EXPECT_TRUE(file) << file.error().message();
  const Tensor* theta = file ? file->find("theta") : nullptr;
  if (theta == nullptr || theta->bytes.size() != 4000 || file->find("random") == nullptr) return -1;
  float first = 0;
  std::memcpy(&first, theta->bytes.data(), sizeof first);
  return first;
}

std::vector<std::string> folders(MemoryDisk& disk) {
  std::vector<std::string> names;
  const auto all = find(disk, kFolder);
  EXPECT_TRUE(all);
  for (const Found& found : *all) names.push_back(found.folder.substr(std::string(kFolder).size() + 1));
  return names;
}

TEST(Checkpoint, WritesFindsAndOpens) {
  MemoryDisk disk;
  const auto written = save(disk, 7);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->folder, "run/checkpoints/7.0");
  EXPECT_THAT(*disk.list(written->folder), ElementsAre("manifest.json", "state.safetensors"));
  EXPECT_THAT(*disk.list(kFolder), ElementsAre("7.0")) << "nothing is left beside";
  const auto all = find(disk, kFolder);
  ASSERT_TRUE(all && all->size() == 1);
  EXPECT_EQ(all->front().manifest_hash, written->manifest_hash);
  EXPECT_EQ(all->front().manifest.site, "s");
  EXPECT_EQ(all->front().manifest.files.size(), 1U);
  EXPECT_EQ(content_of(disk, all->front()), 7);
  const std::size_t on_disk =
      disk.read("run/checkpoints/7.0/manifest.json")->size() + disk.read("run/checkpoints/7.0/state.safetensors")->size();
  EXPECT_EQ(written->bytes, on_disk);
}

TEST(Checkpoint, FindsTheNewestFirstAndOnlyWhatIsWhole) {
  MemoryDisk disk;
  for (const auto& [version, restart] : {std::pair{9U, 0U}, {10U, 0U}, {9U, 2U}, {100U, 0U}})
    ASSERT_TRUE(save(disk, version, restart));
  EXPECT_THAT(folders(disk), ElementsAre("100.0", "10.0", "9.2", "9.0"));
  ASSERT_TRUE(disk.remove_all("run/checkpoints/100.0/manifest.json"));
  ASSERT_TRUE(disk.remove_all("run/checkpoints/10.0/state.safetensors"));
  ASSERT_TRUE(disk.write_atomically("run/checkpoints/9.2/manifest.json", {}));
  for (const char* other : {"notes", "11", "11.x", "011.0", "11.0.writing", "11.0.removing", ".0", "99999999999999999999.0"}) {
    ASSERT_TRUE(disk.make_folders(std::string("run/checkpoints/") + other));
  }
  ASSERT_TRUE(disk.rename("run/checkpoints/9.0", "run/checkpoints/12.0"));
  EXPECT_THAT(folders(disk), IsEmpty()) << "12.0 says that it is 9.0";
  ASSERT_TRUE(disk.rename("run/checkpoints/12.0", "run/checkpoints/9.0"));
  EXPECT_THAT(folders(disk), ElementsAre("9.0"));
}

TEST(Checkpoint, AFolderThatIsNotThereHoldsNothing) {
  MemoryDisk disk;
  EXPECT_THAT(folders(disk), IsEmpty());
  EXPECT_TRUE(prune(disk, kFolder, {}));
}

TEST(Checkpoint, ReplacesOneOfTheSameName) {
  MemoryDisk disk;
  const auto first = save(disk, 7), second = save(disk, 7, 0, 0.5F);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->manifest_hash, second->manifest_hash);
  EXPECT_THAT(*disk.list(kFolder), ElementsAre("7.0"));
  EXPECT_EQ(content_of(disk, find(disk, kFolder)->front()), 7.5F);
}

TEST(Checkpoint, NamesTheDamagedFile) {
  MemoryDisk disk;
  ASSERT_TRUE(save(disk, 7));
  const Found found = find(disk, kFolder)->front();
  const std::string state = "run/checkpoints/7.0/state.safetensors";
  for (const std::size_t byte : {std::size_t{0}, std::size_t{50}, disk.read(state)->size() - 1}) {
    disk.damage(state, byte);
    const auto file = open(disk, found);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().where, state);
    EXPECT_EQ(file.error().code, ErrorCode::reconfigure);
    EXPECT_THAT(file.error().what, HasSubstr("damaged: its hash is"));
    disk.damage(state, byte);
    EXPECT_TRUE(open(disk, found)) << "the same bit again";
  }
  ASSERT_TRUE((*disk.append_to(state))->append(std::vector<std::byte>(1)));
  EXPECT_THAT(open(disk, found).error().what, HasSubstr("damaged: it has"));
  ASSERT_TRUE(disk.remove_all(state));
  EXPECT_EQ(open(disk, found).error().where, state);
}

TEST(Checkpoint, PrunesAllButWhatIsToBeKept) {
  MemoryDisk disk;
  std::vector<Hash64> hashes;
  for (std::uint64_t version = 1; version <= 5; ++version) hashes.push_back(save(disk, version)->manifest_hash);
  ASSERT_TRUE(disk.make_folders("run/checkpoints/6.0.writing"));
  ASSERT_TRUE(disk.make_folders("run/checkpoints/1.0.removing"));
  ASSERT_TRUE(disk.make_folders("run/checkpoints/notes"));
  ASSERT_TRUE(prune(disk, kFolder, std::vector{hashes[1], hashes[3]}));
  EXPECT_THAT(*disk.list(kFolder), ElementsAre("2.0", "4.0", "5.0", "notes")) << "the newest stays, and what is not ours";
  ASSERT_TRUE(prune(disk, kFolder, {}));
  EXPECT_THAT(*disk.list(kFolder), ElementsAre("5.0", "notes"));
}

TEST(Checkpoint, AFullDiskLeavesNothingHalfWritten) {
  MemoryDisk disk;
  const std::uint64_t used = save(disk, 1)->bytes;
  for (const std::uint64_t room : {0U, 10U, 200U, 3000U, 4300U}) {
    disk.set_capacity(Bytes{used + room});
    const auto written = save(disk, 2);
    ASSERT_FALSE(written) << room;
    EXPECT_THAT(written.error().message(), HasSubstr("checkpoint run/checkpoints/2.0 was not written"));
    EXPECT_THAT(written.error().message(), HasSubstr("no space left"));
    EXPECT_THAT(*disk.list(kFolder), ElementsAre("1.0")) << room;
  }
}

// Stops `change` before each of its changes to the disk and cuts the power in both ways; `check` looks at what is left.
void at_every_crash(const std::function<void(MemoryDisk&)>& prepare, const std::function<bool(MemoryDisk&)>& change,
                    const std::function<void(MemoryDisk&, bool done)>& check) {
  for (const bool keeping_names : {false, true}) {
    bool done = false;
    for (std::uint64_t stop = 0; !done; ++stop) {
      SCOPED_TRACE("stopped after " + std::to_string(stop) + (keeping_names ? " changes, names kept" : " changes"));
      ASSERT_LT(stop, 100U);
      MemoryDisk disk;
      prepare(disk);
      disk.stop_after(stop);
      done = change(disk);
      keeping_names ? disk.crash_keeping_names() : disk.crash();
      check(disk, done);
    }
  }
}

TEST(Checkpoint, ACrashWhileWritingLeavesThePreviousOneWhole) {
  at_every_crash([](MemoryDisk& disk) { ASSERT_TRUE(save(disk, 1)); }, [](MemoryDisk& disk) { return bool(save(disk, 2)); },
                 [](MemoryDisk& disk, bool done) {
                   const auto all = find(disk, kFolder);
                   ASSERT_TRUE(all && !all->empty());
                   EXPECT_EQ(content_of(disk, all->back()), 1);
                   EXPECT_EQ(content_of(disk, all->front()), all->size());
                   EXPECT_TRUE(!done || all->size() == 2) << "what was reported as written is there";
                   EXPECT_TRUE(save(disk, 2)) << "and the next attempt succeeds";
                   EXPECT_THAT(*disk.list(kFolder), ElementsAre("1.0", "2.0"));
                 });
}

TEST(Checkpoint, ACrashWhileReplacingLeavesTheOldOrTheNewOneWhole) {
  at_every_crash([](MemoryDisk& disk) { ASSERT_TRUE(save(disk, 1)); },
                 [](MemoryDisk& disk) { return bool(save(disk, 1, 0, 0.5F)); },
                 [](MemoryDisk& disk, bool done) {
                   const auto all = find(disk, kFolder);
                   ASSERT_TRUE(all);
                   ASSERT_EQ(all->size(), 1U);
                   const float content = content_of(disk, all->front());
                   EXPECT_TRUE(content == 1.5F || (!done && content == 1)) << content;
                   ASSERT_TRUE(save(disk, 1, 0, 0.75F));
                   ASSERT_TRUE(prune(disk, kFolder, {}));
                   EXPECT_THAT(*disk.list(kFolder), ElementsAre("1.0"));
                   EXPECT_EQ(content_of(disk, find(disk, kFolder)->front()), 1.75F);
                 });
}

TEST(Checkpoint, ACrashWhilePruningLeavesOnlyWholeOnes) {
  Hash64 kept;
  at_every_crash(
      [&](MemoryDisk& disk) {
        for (std::uint64_t version = 1; version <= 4; ++version) {
          const auto written = save(disk, version);
          if (version == 2) kept = written->manifest_hash;
        }
      },
      [&](MemoryDisk& disk) { return bool(prune(disk, kFolder, std::vector{kept})); },
      [&](MemoryDisk& disk, bool) {
        const auto all = find(disk, kFolder);
        ASSERT_TRUE(all);
        for (const Found& found : *all) EXPECT_EQ(content_of(disk, found), found.manifest.version.value);
        EXPECT_EQ(folders(disk).front(), "4.0");
        ASSERT_TRUE(prune(disk, kFolder, std::vector{kept}));
        EXPECT_THAT(*disk.list(kFolder), ElementsAre("2.0", "4.0"));
      });
}

}  // namespace
}  // namespace intertie::checkpoint
