#include "intertie/data/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/base/utf8.h"
#include "intertie/data/disk_fixture.h"
#include "intertie/data/shards.h"
#include "intertie/env/sim/memory_disk.h"

namespace intertie::data {
namespace {

using env::sim::MemoryDisk;

using testing::HasSubstr;

std::string text_of(const Corpus& corpus, const Tokens& tokens) {
  std::vector<std::uint16_t> out(tokens.size());
  tokens.copy(0, out);
  return corpus.tokenizer.decode(out).value();
}

std::string message(env::Disk& disk, const Settings& settings) {
  const auto corpus = open_corpus(settings, disk, {});
  return corpus ? "opened" : corpus.error().message();
}

TEST(Corpus, FilesFollowEachOtherAndTheEndIsHeldOut) {
  MemoryDisk disk;
  put(disk, "c/b.txt", "klmnopqrst");
  put(disk, "c/a.txt", "abcdefghij");
  const Corpus corpus = open_corpus({.train = {"c"}, .validation_share = 0.25}, disk, {}).value();
  EXPECT_EQ(text_of(corpus, corpus.train), "abcdefghijklmno");
  EXPECT_EQ(text_of(corpus, corpus.validation), "pqrst");
  EXPECT_EQ(corpus.num_files, 2U);
}

TEST(Corpus, SeparateValidationFilesShareTheVocabulary) {
  MemoryDisk disk;
  put(disk, "a.txt", "abc");
  put(disk, "v.txt", "cd");
  const Corpus corpus = open_corpus({.train = {"a.txt"}, .validation = {"v.txt"}, .tokenizer = "characters"}, disk, {}).value();
  EXPECT_EQ(corpus.tokenizer.vocabulary_size(), 4);
  EXPECT_EQ(text_of(corpus, corpus.train), "abc");
  EXPECT_EQ(text_of(corpus, corpus.validation), "cd");
}

TEST(Corpus, HashTellsTextsTokenizersAndSplitsApart) {
  MemoryDisk disk;
  put(disk, "d/a.txt", "hello world");
  put(disk, "d/b.txt", "hello worle");
  const auto hash = [&](const Settings& settings) { return open_corpus(settings, disk, {})->hash; };
  const Hash64 base = hash({.train = {"d/a.txt"}});
  EXPECT_EQ(hash({.train = {"d/*a.txt"}}), base);
  EXPECT_NE(hash({.train = {"d/b.txt"}}), base);
  EXPECT_NE(hash({.train = {"d/a.txt"}, .tokenizer = "characters"}), base);
  EXPECT_NE(hash({.train = {"d/a.txt"}, .validation_share = 0.5}), base);
}

TEST(Corpus, CachedTextIsTheSameAndIsMadeAgainWhenDamaged) {
  MemoryDisk disk;
  put(disk, "a.txt", "hello world, hello");
  const Settings settings{.train = {"a.txt"}, .tokenizer = "characters"};
  const Corpus plain = open_corpus(settings, disk, {}).value();
  const Corpus first = open_corpus(settings, disk, {.folder = "cache"}).value();
  const std::uint64_t changes = disk.num_changes();
  const Corpus second = open_corpus(settings, disk, {.folder = "cache"}).value();
  EXPECT_EQ(disk.num_changes(), changes);
  EXPECT_EQ(first.hash, plain.hash);
  EXPECT_EQ(second.hash, plain.hash);
  EXPECT_EQ(second.tokenizer, plain.tokenizer);
  disk.damage("cache/" + disk.list("cache")->front() + "/train-00000.bin", 0);
  const Corpus repaired = open_corpus(settings, disk, {.folder = "cache"}).value();
  EXPECT_EQ(repaired.hash, plain.hash);
  EXPECT_EQ(repaired.notes.size(), 1U);
  EXPECT_TRUE(open_corpus(settings, disk, {.folder = "cache"})->notes.empty());
}

TEST(Corpus, ACacheThatCannotBeWrittenCostsOnlyANote) {
  MemoryDisk disk;
  put(disk, "a.txt", "hello world");
  disk.set_capacity(Bytes{11});
  const Corpus corpus = open_corpus({.train = {"a.txt"}}, disk, {.folder = "cache"}).value();
  EXPECT_EQ(corpus.train.size() + corpus.validation.size(), 11U);
  ASSERT_EQ(corpus.notes.size(), 1U);
  EXPECT_THAT(corpus.notes.front(), HasSubstr("no space left"));
}

TEST(Corpus, FoldersPassOverWhatIsNotText) {
  MemoryDisk disk;
  put(disk, "c/a.txt", "abcdefghij");
  put(disk, "c/empty.txt", "");
  put(disk, "c/image.png", std::string_view("a\0b", 3));
  const Corpus corpus = open_corpus({.train = {"c"}}, disk, {}).value();
  EXPECT_EQ(corpus.train.size() + corpus.validation.size(), 10U);
  EXPECT_EQ(corpus.notes, std::vector<std::string>{"2 empty or binary files were passed over: c/empty.txt, c/image.png"});
  constexpr std::string_view kUtf16("\xFF\xFE\x61\0", 4);
  for (const char* name : {"c/1", "c/2"}) put(disk, name, kUtf16);
  EXPECT_EQ(open_corpus({.train = {"c"}}, disk, {})->notes,
            std::vector<std::string>{"4 empty or binary files were passed over: c/1, c/2, c/empty.txt and 1 more"});
  put(disk, "/usr/lib/python3.11/abc.py", "abcdefghij");
  put(disk, "/usr/lib/python3.11/__init__.py", "");
  EXPECT_TRUE(open_corpus({}, disk, {})->notes.empty()) << "nobody put those there";
}

TEST(Corpus, BadInputIsNamed) {
  MemoryDisk disk;
  put(disk, "empty.txt", "");
  put(disk, "image.png", std::string_view("a\0b", 3));
  put(disk, "latin1.txt", "caf\xE9");
  put(disk, "a.txt", "hello");
  put(disk, "only/e.txt", "");
  put_tokens(disk, "t.bin", {1, 300});
  EXPECT_THAT(message(disk, {.train = {"empty.txt"}}), HasSubstr("empty.txt: the file is empty"));
  EXPECT_THAT(message(disk, {.train = {"image.png"}}), HasSubstr("image.png: the file is binary"));
  EXPECT_THAT(message(disk, {.train = {"latin1.txt"}, .tokenizer = "characters"}),
              HasSubstr("latin1.txt: byte 3 is not UTF-8"));
  EXPECT_THAT(message(disk, {.train = {"only"}}), HasSubstr("only: there is no text: 1 files, all empty or binary"));
  std::string many;
  for (char32_t c = 0x20; c < 0x20000; ++c) {
    if (c < 0xD800 || c >= 0xE000) append_code_point(many, c);
  }
  put(disk, "many.txt", many);
  EXPECT_THAT(message(disk, {.train = {"many.txt"}, .tokenizer = "characters", .train_place = "run.toml:3"}),
              HasSubstr("run.toml:3: data.train: the text has 128992 different characters, more than 65535"));
  EXPECT_THAT(message(disk, {.train = {"d/*.csv"}}), HasSubstr("no file matches \"d/*.csv\""));
  EXPECT_THAT(message(disk, {.train = {}}), HasSubstr("data.train: names nothing"));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .tokenizer = "words"}), HasSubstr("unknown tokenizer \"words\""));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .tokenizer = "bin"}),
              HasSubstr("a.txt: tokenizer = \"bin\" takes ready-made"));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .validation_share = 1.5}), HasSubstr("data.validation_share"));
  EXPECT_THAT(message(disk, {.train = {"t.bin"}}), HasSubstr("t.bin: holds the token 300, outside the vocabulary of 256"));
  EXPECT_THAT(message(disk, {.train = {"t.bin"}, .tokenizer = "characters"}), HasSubstr("does not say which character"));
}

TEST(Corpus, ErrorsSayWhichListNamesTheTextAndWhereItIsWritten) {
  MemoryDisk disk;
  put(disk, "a.txt", "hello");
  put(disk, "empty.txt", "");
  put_tokens(disk, "t.bin", {1, 300});
  const auto of = [&](std::vector<std::string> train, std::vector<std::string> validation, std::string tokenizer = "bytes") {
    return message(disk, {.train = std::move(train),
                          .validation = std::move(validation),
                          .tokenizer = std::move(tokenizer),
                          .train_place = "run.toml:3",
                          .validation_place = "run.toml:4"});
  };
  EXPECT_THAT(of({"d/*.csv"}, {}), testing::StartsWith("run.toml:3: data.train: no file matches \"d/*.csv\"; check the path"));
  EXPECT_THAT(of({"a.txt"}, {"none"}), testing::StartsWith("run.toml:4: data.validation: none: there is no such file"));
  EXPECT_THAT(of({"a.txt"}, {"empty.txt"}), testing::StartsWith("run.toml:4: data.validation: empty.txt: the file is empty"));
  EXPECT_THAT(of({"t.bin"}, {}), testing::StartsWith("run.toml:3: data.train: t.bin: holds the token 300"));
  EXPECT_THAT(of({"t.bin"}, {}, "characters"), testing::StartsWith("run.toml:3: data.train: t.bin: a .bin file"));
  EXPECT_THAT(of({"a.txt"}, {"a.txt"}, "bin"), testing::StartsWith("run.toml:3: data.train: a.txt: tokenizer"));
}

TEST(Corpus, TextThatIsNotAcceptedIsNotWritten) {
  MemoryDisk disk;
  put(disk, "a.txt", "hello world");
  const std::uint64_t changes = disk.num_changes();
  ShardCache cache{.folder = "cache"};
  cache.accept = [](const Tokenizer&, const Tokens& train, const Tokens& validation) -> Result<void> {
    EXPECT_EQ(train.size() + validation.size(), 11U);
    return Error{ErrorCode::reconfigure, {}, "too short", {}, nullptr};
  };
  const auto corpus = open_corpus({.train = {"a.txt"}}, disk, cache);
  ASSERT_FALSE(corpus);
  EXPECT_EQ(corpus.error().message(), "too short");
  EXPECT_EQ(disk.num_changes(), changes);
}

TEST(Corpus, ReadyMadeTokensAreUsedInPlace) {
  MemoryDisk disk;
  put_tokens(disk, "d/1.bin", {1, 2, 3, 4, 5});
  put_tokens(disk, "d/2.bin", {6, 7, 8, 9, 300});
  const Corpus corpus = open_corpus({.train = {"d"}, .validation_share = 0.2, .tokenizer = "bin"}, disk, {}).value();
  EXPECT_EQ(corpus.tokenizer.vocabulary_size(), 301);
  EXPECT_EQ(text_of(corpus, corpus.train), "1 2 3 4 5 6 7 8 ");
  EXPECT_EQ(text_of(corpus, corpus.validation), "9 300 ");
}

TEST(Corpus, MadeShardsOpenAsTheSameCorpus) {
  MemoryDisk disk;
  put(disk, "a.txt", "hello world, hello");
  const Settings settings{.train = {"a.txt"}, .tokenizer = "characters"};
  const Corpus made = make_shards(settings, disk, "out").value();
  const Corpus opened = open_corpus({.train = {"out"}, .tokenizer = "characters"}, disk, {}).value();
  EXPECT_EQ(opened.hash, made.hash);
  EXPECT_EQ(opened.tokenizer, made.tokenizer);
  EXPECT_THAT(make_shards(settings, disk, "out").error().message(), HasSubstr("out: the folder holds shards already"));
  EXPECT_THAT(message(disk, {.train = {"out", "a.txt"}}), HasSubstr("stands alone"));
  EXPECT_THAT(message(disk, {.train = {"out"}, .tokenizer = "bin"}), HasSubstr("made with tokenizer = \"characters\""));
}

}  // namespace
}  // namespace intertie::data
