#include "intertie/members/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/env/sim/memory_disk.h"

namespace intertie::members {
namespace {

StoreState example() {
  return {.run = "test",
          .incarnation = Incarnation{4},
          .view = ViewNumber{7},
          .restart = Restart{2},
          .members = {{SiteId{0}, Incarnation{3}}, {SiteId{1}, Incarnation{5}}},
          .checkpoints = {{Version{10}, Restart{1}, {Hash64{0xffffffffffffffffULL}, Hash64{0}}},
                          {Version{20}, Restart{2}, {Hash64{12}, std::nullopt}}}};
}

TEST(Store, WhatIsSavedIsLoadedAfterAPowerCut) {
  env::sim::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run"));
  ASSERT_TRUE(save_store(disk, "run/store.json", example()));
  disk.crash();
  const auto loaded = load_store(disk, "run/store.json", "test");
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(**loaded, example());
}

TEST(Store, ThereIsNoneAtFirst) {
  env::sim::MemoryDisk disk;
  const auto loaded = load_store(disk, "run/store.json", "test");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->has_value());
}

TEST(Store, TheRecordOfAnotherRunIsRefused) {
  env::sim::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run"));
  ASSERT_TRUE(save_store(disk, "run/store.json", example()));
  const auto loaded = load_store(disk, "run/store.json", "other");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(),
              testing::AllOf(testing::HasSubstr("run/store.json"), testing::HasSubstr("belongs to run \"test\"")));
}

TEST(Store, DamageIsSaidWithThePath) {
  for (const char* text :
       {"", "{", "[]", "{\"format\": 1}", "{\"format\": 2, \"run\": \"test\"}",
        "{\"format\":1,\"run\":\"t\",\"incarnation\":1,\"view\":\"x\",\"restart\":0,\"members\":[],\"checkpoints\":[]}",
        "{\"format\":1,\"run\":\"t\",\"incarnation\":-1,\"view\":1,\"restart\":0,\"members\":[],\"checkpoints\":[]}",
        "{\"format\":1,\"run\":\"t\",\"incarnation\":1,\"view\":1,\"restart\":4294967296,\"members\":[],\"checkpoints\":[]}",
        "{\"format\":1,\"run\":\"t\",\"incarnation\":1,\"view\":1,\"restart\":0,\"members\":[],"
        "\"checkpoints\":[{\"version\":1,\"restart\":0,\"manifests\":[\"zz\"]}]}"}) {
    const auto parsed = parse_store(text, "run/store.json");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message(), testing::HasSubstr("run/store.json: the store's record is damaged"));
  }
}

}  // namespace
}  // namespace intertie::members
