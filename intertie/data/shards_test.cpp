#include "intertie/data/shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/data/disk_fixture.h"
#include "intertie/env/sim/memory_disk.h"

namespace intertie::data {
namespace {

using env::sim::MemoryDisk;

using testing::HasSubstr;

TokenSplits splits() {
  return {.tokenizer = Tokenizer::bytes(), .train = Tokens::own({1, 2, 3, 4, 255}), .validation = Tokens::own({6, 7})};
}

std::vector<std::uint16_t> all(const Tokens& tokens) {
  std::vector<std::uint16_t> out(tokens.size());
  tokens.copy(0, out);
  return out;
}

TEST(Shards, WhatWasWrittenIsOpened) {
  MemoryDisk disk;
  ASSERT_TRUE(write_shards(disk, "out", splits(), "a"));
  const TokenSplits opened = open_shards(disk, "out").value();
  EXPECT_EQ(all(opened.train), all(splits().train));
  EXPECT_EQ(all(opened.validation), all(splits().validation));
  EXPECT_EQ(opened.tokenizer, Tokenizer::bytes());
  EXPECT_EQ(disk.list("out")->size(), 3U);  // nothing temporary is left
}

TEST(Shards, HashDependsOnTokensSplitAndTokenizer) {
  const Hash64 hash = data_hash(splits());
  EXPECT_EQ(data_hash(splits()), hash);
  TokenSplits other = splits();
  other.tokenizer = Tokenizer::bin(256);
  EXPECT_NE(data_hash(other), hash);
  other = splits();
  other.train = Tokens::own({1, 2, 3, 4});
  other.validation = Tokens::own({255, 6, 7});
  EXPECT_NE(data_hash(other), hash);
}

TEST(Shards, DamageIsNoticed) {
  const auto message_after = [](auto damage) {
    MemoryDisk disk;
    EXPECT_TRUE(write_shards(disk, "out", splits(), "a"));
    damage(disk);
    const auto opened = open_shards(disk, "out");
    return opened ? "opened" : opened.error().message();
  };
  const std::string train = "out/train-00000.bin";
  EXPECT_THAT(message_after([&](MemoryDisk& disk) { disk.damage(train, 0); }), HasSubstr("do not match the hash"));
  EXPECT_THAT(message_after([&](MemoryDisk& disk) { truncate(disk, train, 8); }),
              HasSubstr("holds 4 tokens, its index says 5"));
  EXPECT_THAT(message_after([&](MemoryDisk& disk) { truncate(disk, train, 9); }), HasSubstr("odd size"));
  EXPECT_THAT(message_after([&](MemoryDisk& disk) { disk.damage(train, 1); }),
              HasSubstr("holds the token 257, outside the vocabulary of 256"));
  EXPECT_THAT(message_after([](MemoryDisk& disk) { EXPECT_TRUE(disk.remove_all("out/validation-00000.bin")); }),
              HasSubstr("validation-00000.bin"));
}

TEST(Shards, StoppedAnywhereTheFolderIsWholeOrHasNoIndex) {
  std::uint64_t opened = 0;
  for (std::uint64_t changes = 0; changes < 40; ++changes) {
    MemoryDisk disk;
    disk.stop_after(changes);
    const bool written = static_cast<bool>(write_shards(disk, "out", splits(), "a"));
    disk.crash();
    if (!disk.exists("out/shards.json")) {
      EXPECT_FALSE(written);
      continue;
    }
    ASSERT_TRUE(open_shards(disk, "out")) << "after " << changes << " changes";
    ++opened;
  }
  EXPECT_GT(opened, 0U);
  EXPECT_LT(opened, 40U);
}

TEST(Shards, IndexComesBack) {
  const ShardIndex index{
      .tokenizer = Tokenizer::bin(70), .train = {{"a.bin", 5}, {"b.bin", 6}}, .validation = {}, .hash = {0xfe12}};
  EXPECT_EQ(shard_index_from(to_json(index)).value(), index);
}

TEST(Shards, IndexFromOutsideIsRefusedWhenAnythingIsWrong) {
  const std::string good = to_json({.tokenizer = Tokenizer::bytes(), .train = {{"a.bin", 5}}, .validation = {}, .hash = {1}});
  ASSERT_TRUE(shard_index_from(good));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_FALSE(shard_index_from(with("a.bin", "../a.bin")));
  EXPECT_FALSE(shard_index_from(with("a.bin", "/a.bin")));
  EXPECT_FALSE(shard_index_from(with("a.bin", ".a.bin")));
  EXPECT_FALSE(shard_index_from(with("a.bin", "a.txt")));
  EXPECT_FALSE(shard_index_from(with("5", "0")));
  EXPECT_FALSE(shard_index_from(with("5", "-5")));
  EXPECT_FALSE(shard_index_from(with("5", "\"5\"")));
  EXPECT_FALSE(shard_index_from(with("0000000000000001", "000000000000000G")));
  EXPECT_FALSE(shard_index_from(with("intertie-shards", "others")));
  EXPECT_FALSE(shard_index_from(with("\"kind\": \"bytes\"", "\"kind\": \"words\"")));
  EXPECT_FALSE(shard_index_from("[]"));
  EXPECT_FALSE(shard_index_from(good.substr(0, good.size() / 2)));
}

TEST(Shards, AFullDiskIsAnErrorAndLeavesNoIndex) {
  MemoryDisk disk(Bytes{4});
  EXPECT_THAT(write_shards(disk, "out", splits(), "a").error().message(), HasSubstr("no space left"));
  EXPECT_FALSE(disk.exists("out/shards.json"));
}

}  // namespace
}  // namespace intertie::data
