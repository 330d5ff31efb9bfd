#include "intertie/data/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/data/disk_fixture.h"
#include "intertie/env/sim/memory_disk.h"

namespace intertie::data {
namespace {

using env::sim::MemoryDisk;

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> paths(env::Disk& disk, const std::vector<std::string>& entries, std::string_view extension = "") {
  std::vector<std::string> result;
  const auto files = list_sources(disk, entries, extension);
  if (!files) return {files.error().message()};
  for (const SourceFile& file : *files) result.push_back(file.path);
  return result;
}

void put_corpus(MemoryDisk& disk) {
  for (const char* path :
       {"corpus/b.txt", "corpus/a.txt", "corpus/deep/er/c.txt", "corpus/deep/d.md", "corpus/.git/x.txt", "top/e.txt"}) {
    put(disk, path, "text");
  }
}

TEST(MatchesName, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_name("*.txt", "a.txt"));
  EXPECT_TRUE(matches_name("*", ""));
  EXPECT_TRUE(matches_name("a*b*c", "aXbYbc"));
  EXPECT_TRUE(matches_name("?.txt", "a.txt"));
  EXPECT_FALSE(matches_name("?.txt", "ab.txt"));
  EXPECT_FALSE(matches_name("*.txt", "a.txt.gz"));
  EXPECT_FALSE(matches_name("a", "ab"));
}

TEST(Sources, PatternsMatchNamesOfOneFolder) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_THAT(paths(disk, {"corpus/*.txt"}), ElementsAre("corpus/a.txt", "corpus/b.txt"));
  EXPECT_THAT(paths(disk, {"top/*.txt"}), ElementsAre("top/e.txt"));
  EXPECT_THAT(paths(disk, {"corpus/*/*.md"}), ElementsAre("corpus/deep/d.md"));
}

TEST(Sources, TwoStarsMatchAnyNumberOfFolders) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_THAT(paths(disk, {"corpus/**/*.txt"}), ElementsAre("corpus/a.txt", "corpus/b.txt", "corpus/deep/er/c.txt"));
  EXPECT_THAT(paths(disk, {"**/d.md"}), ElementsAre("corpus/deep/d.md"));
  EXPECT_THAT(paths(disk, {"corpus/**"}),
              ElementsAre("corpus/a.txt", "corpus/b.txt", "corpus/deep/d.md", "corpus/deep/er/c.txt"));
}

TEST(Sources, FoldersAreWalkedInOrderWithoutHiddenNames) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_THAT(paths(disk, {"corpus"}), ElementsAre("corpus/a.txt", "corpus/b.txt", "corpus/deep/d.md", "corpus/deep/er/c.txt"));
  EXPECT_THAT(paths(disk, {"corpus"}, ".md"), ElementsAre("corpus/deep/d.md"));
}

TEST(Sources, EntriesKeepTheirOrderAndNoFileComesTwice) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_THAT(paths(disk, {"top/e.txt", "corpus/b.txt", "corpus/*.txt"}),
              ElementsAre("top/e.txt", "corpus/b.txt", "corpus/a.txt"));
}

TEST(Sources, OnlyEntriesThatAreFilesCountAsNamed) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_TRUE(list_sources(disk, {"top/e.txt"}, "")->front().named);
  EXPECT_FALSE(list_sources(disk, {"top/*.txt"}, "")->front().named);
}

TEST(Sources, WhatIsNotThereIsNamed) {
  MemoryDisk disk;
  put_corpus(disk);
  EXPECT_THAT(paths(disk, {"corpus/*.csv"}).front(), HasSubstr("no file matches \"corpus/*.csv\""));
  EXPECT_THAT(paths(disk, {"missing"}).front(), HasSubstr("missing: there is no such file or folder"));
  EXPECT_THAT(paths(disk, {"corpus"}, ".bin").front(), HasSubstr("corpus: the folder holds no .bin file"));
}

TEST(Sources, AFolderThatLeadsBackIntoItselfIsAnError) {
  MemoryDisk disk;
  std::string path = "loop";
  for (int i = 0; i < 40; ++i) path += "/again";
  put(disk, path + "/a.txt", "text");
  EXPECT_THAT(paths(disk, {"loop"}).front(), HasSubstr("more than 32 deep"));
}

TEST(Sources, TheStandardLibraryIsTheNewestPythonWithoutItsTestsAndPackages) {
  MemoryDisk disk;
  for (const char* path : {"/usr/lib/python3/dist-packages/x.py", "/usr/lib/python3.9/abc.py", "/usr/lib/python3.11/abc.py",
                           "/usr/lib/python3.11/json/decoder.py", "/usr/lib/python3.11/json/data.txt",
                           "/usr/lib/python3.11/test/test_abc.py", "/usr/lib/python3.11/dist-packages/y.py"}) {
    put(disk, path, "text");
  }
  EXPECT_THAT(paths(disk, {"python-stdlib"}), ElementsAre("/usr/lib/python3.11/abc.py", "/usr/lib/python3.11/json/decoder.py"));
  MemoryDisk none;
  EXPECT_THAT(paths(none, {"python-stdlib"}).front(), HasSubstr("install python3, or name text files"));
}

}  // namespace
}  // namespace intertie::data
