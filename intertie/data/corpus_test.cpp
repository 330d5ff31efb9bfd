#include "intertie/data/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/data/fake_disk.h"
#include "intertie/data/shards.h"

namespace intertie::data {
namespace {

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
  FakeDisk disk;
  disk.put("c/b.txt", "klmnopqrst");
  disk.put("c/a.txt", "abcdefghij");
  const Corpus corpus = open_corpus({.train = {"c"}, .validation_share = 0.25}, disk, {}).value();
  EXPECT_EQ(text_of(corpus, corpus.train), "abcdefghijklmno");
  EXPECT_EQ(text_of(corpus, corpus.validation), "pqrst");
  EXPECT_EQ(corpus.num_files, 2U);
}

TEST(Corpus, SeparateValidationFilesShareTheVocabulary) {
  FakeDisk disk;
  disk.put("a.txt", "abc");
  disk.put("v.txt", "cd");
  const Corpus corpus = open_corpus({.train = {"a.txt"}, .validation = {"v.txt"}, .tokenizer = "characters"}, disk, {}).value();
  EXPECT_EQ(corpus.tokenizer.vocabulary_size(), 4);
  EXPECT_EQ(text_of(corpus, corpus.train), "abc");
  EXPECT_EQ(text_of(corpus, corpus.validation), "cd");
}

TEST(Corpus, HashTellsTextsTokenizersAndSplitsApart) {
  FakeDisk disk;
  disk.put("a.txt", "hello world");
  disk.put("b.txt", "hello worle");
  const auto hash = [&](const Settings& settings) { return open_corpus(settings, disk, {})->hash; };
  const Hash64 base = hash({.train = {"a.txt"}});
  EXPECT_EQ(hash({.train = {"*a.txt"}}), base);
  EXPECT_NE(hash({.train = {"b.txt"}}), base);
  EXPECT_NE(hash({.train = {"a.txt"}, .tokenizer = "characters"}), base);
  EXPECT_NE(hash({.train = {"a.txt"}, .validation_share = 0.5}), base);
}

TEST(Corpus, CachedTextIsTheSameAndIsMadeAgainWhenDamaged) {
  FakeDisk disk;
  disk.put("a.txt", "hello world, hello");
  const Settings settings{.train = {"a.txt"}, .tokenizer = "characters"};
  const Corpus plain = open_corpus(settings, disk, {}).value();
  const Corpus first = open_corpus(settings, disk, {.folder = "cache"}).value();
  const auto with_cache = disk.files;
  const Corpus second = open_corpus(settings, disk, {.folder = "cache"}).value();
  EXPECT_EQ(disk.files, with_cache);
  EXPECT_EQ(first.hash, plain.hash);
  EXPECT_EQ(second.hash, plain.hash);
  EXPECT_EQ(second.tokenizer, plain.tokenizer);
  for (auto& [path, bytes] : disk.files) {
    if (path.ends_with(".bin")) bytes[0] ^= std::byte{1};
  }
  const Corpus repaired = open_corpus(settings, disk, {.folder = "cache"}).value();
  EXPECT_EQ(repaired.hash, plain.hash);
  EXPECT_EQ(repaired.notes.size(), 1U);
  EXPECT_EQ(disk.files, with_cache);
}

TEST(Corpus, ACacheThatCannotBeWrittenCostsOnlyANote) {
  FakeDisk disk;
  disk.put("a.txt", "hello world");
  disk.full = true;
  const Corpus corpus = open_corpus({.train = {"a.txt"}}, disk, {.folder = "cache"}).value();
  EXPECT_EQ(corpus.train.size() + corpus.validation.size(), 11U);
  ASSERT_EQ(corpus.notes.size(), 1U);
  EXPECT_THAT(corpus.notes.front(), HasSubstr("no space left"));
}

TEST(Corpus, FoldersPassOverWhatIsNotText) {
  FakeDisk disk;
  disk.put("c/a.txt", "abcdefghij");
  disk.put("c/empty.txt", "");
  disk.put("c/image.png", std::string_view("a\0b", 3));
  const Corpus corpus = open_corpus({.train = {"c"}}, disk, {}).value();
  EXPECT_EQ(corpus.train.size() + corpus.validation.size(), 10U);
  EXPECT_EQ(corpus.notes, std::vector<std::string>{"2 empty or binary files were passed over"});
}

TEST(Corpus, BadInputIsNamed) {
  FakeDisk disk;
  disk.put("empty.txt", "");
  disk.put("image.png", std::string_view("a\0b", 3));
  disk.put("latin1.txt", "caf\xE9");
  disk.put("a.txt", "hello");
  disk.put("only/e.txt", "");
  disk.put_tokens("t.bin", {1, 300});
  EXPECT_THAT(message(disk, {.train = {"empty.txt"}}), HasSubstr("empty.txt: the file is empty"));
  EXPECT_THAT(message(disk, {.train = {"image.png"}}), HasSubstr("image.png: the file is binary"));
  EXPECT_THAT(message(disk, {.train = {"latin1.txt"}, .tokenizer = "characters"}),
              HasSubstr("latin1.txt: byte 3 is not UTF-8"));
  EXPECT_THAT(message(disk, {.train = {"only"}}), HasSubstr("only: there is no text: 1 files, all empty or binary"));
  EXPECT_THAT(message(disk, {.train = {"*.csv"}}), HasSubstr("no file matches \"*.csv\""));
  EXPECT_THAT(message(disk, {.train = {}}), HasSubstr("data.train: names nothing"));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .tokenizer = "words"}), HasSubstr("unknown tokenizer \"words\""));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .tokenizer = "bin"}),
              HasSubstr("a.txt: tokenizer = \"bin\" takes ready-made"));
  EXPECT_THAT(message(disk, {.train = {"a.txt"}, .validation_share = 1.5}), HasSubstr("data.validation_share"));
  EXPECT_THAT(message(disk, {.train = {"t.bin"}}), HasSubstr("t.bin: holds the token 300, outside the vocabulary of 256"));
  EXPECT_THAT(message(disk, {.train = {"t.bin"}, .tokenizer = "characters"}), HasSubstr("does not say which character"));
}

TEST(Corpus, ReadyMadeTokensAreUsedInPlace) {
  FakeDisk disk;
  disk.put_tokens("d/1.bin", {1, 2, 3, 4, 5});
  disk.put_tokens("d/2.bin", {6, 7, 8, 9, 300});
  const Corpus corpus = open_corpus({.train = {"d"}, .validation_share = 0.2, .tokenizer = "bin"}, disk, {}).value();
  EXPECT_EQ(corpus.tokenizer.vocabulary_size(), 301);
  EXPECT_EQ(text_of(corpus, corpus.train), "1 2 3 4 5 6 7 8 ");
  EXPECT_EQ(text_of(corpus, corpus.validation), "9 300 ");
}

TEST(Corpus, MadeShardsOpenAsTheSameCorpus) {
  FakeDisk disk;
  disk.put("a.txt", "hello world, hello");
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
