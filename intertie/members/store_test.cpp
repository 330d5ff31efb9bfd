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
          .checkpoints = {{Version{10}, Restart{1}, {Hash64{0xffffffffffffffffULL}, Hash64{0}}, true},
                          {Version{20}, Restart{2}, {std::nullopt, Hash64{12}}, true},
                          {Version{30}, Restart{2}, {Hash64{13}, std::nullopt}, false}},
          .stop = wire::StopOrder{Version{32}, "test"}};
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

TEST(Store, TheWritersOfACheckpointAreThoseWhoseManifestsAreHere) {
  EXPECT_THAT(example().checkpoints[0].writers(), testing::ElementsAre(SiteId{0}, SiteId{1}));
  EXPECT_THAT(example().checkpoints[1].writers(), testing::ElementsAre(SiteId{1}));
}

TEST(Store, ARecordOfAnEarlierFormatIsRefused) {
  env::sim::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("run"));
  ASSERT_TRUE(save_store(disk, "run/store.json", example()));
  const auto bytes = disk.read("run/store.json");
  ASSERT_TRUE(bytes);
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  ASSERT_TRUE(parse_store(text, "run/store.json"));
  const std::size_t at = text.find("\"format\": 2");
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, 11, "\"format\": 1");
  const auto parsed = parse_store(text, "run/store.json");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message(), testing::HasSubstr("written by another version of intertie"));
}

// Each is a good record but for one thing, so that it is that which is refused.
TEST(Store, DamageIsSaidWithThePath) {
  const std::string head =
      "{\"format\":2,\"run\":\"t\",\"incarnation\":1,\"view\":1,\"restart\":0,\"members\":[],\"checkpoints\":[";
  const std::string record = "{\"version\":1,\"restart\":0,\"complete\":true,\"manifests\":[null]}";
  ASSERT_TRUE(parse_store(head + record + "]}", "run/store.json"));
  for (const std::string& text : std::vector<std::string>{
           "", "{", "[]", "{\"format\": 2}", "{\"format\": 3, \"run\": \"test\"}",
           "{\"format\":2,\"run\":\"t\",\"incarnation\":1,\"view\":\"x\",\"restart\":0,\"members\":[],\"checkpoints\":[]}",
           "{\"format\":2,\"run\":\"t\",\"incarnation\":-1,\"view\":1,\"restart\":0,\"members\":[],\"checkpoints\":[]}",
           "{\"format\":2,\"run\":\"t\",\"incarnation\":1,\"view\":1,\"restart\":4294967296,\"members\":[],\"checkpoints\":[]}",
           head + "{\"version\":1,\"restart\":0,\"complete\":true,\"manifests\":[\"zz\"]}]}",
           head + "{\"version\":1,\"restart\":0,\"complete\":1,\"manifests\":[null]}]}",
           head + "{\"version\":1,\"restart\":0,\"manifests\":[null]}]}"}) {
    const auto parsed = parse_store(text, "run/store.json");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message(), testing::HasSubstr("run/store.json: the store's record is damaged"));
  }
}

}  // namespace
}  // namespace intertie::members
