#include "intertie/site/text_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::site {
namespace {

using ::testing::HasSubstr;

data::Corpus corpus(data::Tokenizer tokenizer, std::vector<std::uint16_t> train, std::vector<std::uint16_t> validation) {
  data::Corpus corpus;
  corpus.tokenizer = std::move(tokenizer);
  corpus.train = data::Tokens::own(std::move(train));
  corpus.validation = data::Tokens::own(std::move(validation));
  return corpus;
}

data::Tokenizer characters(std::string_view text) { return data::Tokenizer::characters(std::vector{text}).value(); }

checkpoint::Found found(std::map<std::string, std::string> more) {
  checkpoint::Found found{.folder = "checkpoints/3.0", .manifest = {}, .manifest_hash = {}};
  found.manifest.more = std::move(more);
  return found;
}

TEST(TextNotes, BeginWithALineBreakWhereThereIsOne) {
  EXPECT_EQ(text_notes(corpus(data::Tokenizer::bytes(), {65}, {66})).begin, '\n');
  EXPECT_EQ(text_notes(corpus(characters("\t\na"), {2}, {})).begin, 1);
}

TEST(TextNotes, ElseWithTheFirstHeldOutTokenOrTheFirstOfAll) {
  EXPECT_EQ(text_notes(corpus(characters("abc"), {2}, {1})).begin, 1);
  EXPECT_EQ(text_notes(corpus(characters("abc"), {2}, {})).begin, 2);
  EXPECT_EQ(text_notes(corpus(data::Tokenizer::bin(301), {7}, {300})).begin, 300);
}

TEST(TextNotes, AreReadAsTheyWereWritten) {
  for (const data::Tokenizer& tokenizer :
       {data::Tokenizer::bytes(), data::Tokenizer::bin(301), characters("a\"\\\n\u00e9\U0001F600")}) {
    const TextNotes notes = text_notes(corpus(tokenizer, {3}, {4}));
    const auto read = text_notes_of(found(to_manifest(notes)));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->tokenizer, notes.tokenizer);
    EXPECT_EQ(read->begin, notes.begin);
  }
}

TEST(TextNotes, WhatIsWrongIsNamedWithTheCheckpoint) {
  const std::string bin = data::Tokenizer::bin(4).to_json().dump();
  const auto message = [](std::map<std::string, std::string> more) {
    const auto notes = text_notes_of(found(std::move(more)));
    return notes ? "read" : notes.error().message();
  };
  EXPECT_THAT(message({}), HasSubstr("checkpoints/3.0/manifest.json: \"tokenizer\" is missing"));
  EXPECT_THAT(message({{"tokenizer", "{}"}, {"begin", "0"}}), HasSubstr("\"tokenizer\""));
  for (const char* begin : {"", "4", "-1", "65536", "1x"}) {
    EXPECT_THAT(message({{"tokenizer", bin}, {"begin", begin}}), HasSubstr("\"begin\" is missing or not")) << begin;
  }
  EXPECT_EQ(message({{"tokenizer", bin}, {"begin", "3"}}), "read");
}

}  // namespace
}  // namespace intertie::site
