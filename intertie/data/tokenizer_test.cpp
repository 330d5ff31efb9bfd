#include "intertie/data/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tokenizer characters(std::string_view text) { return Tokenizer::characters(std::span(&text, 1)).value(); }

TEST(Tokenizer, BytesTakesEveryByteBothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const Tokenizer tokenizer = Tokenizer::bytes();
  const auto tokens = tokenizer.encode(all).value();
  EXPECT_EQ(tokens[255], 255);
  EXPECT_EQ(tokenizer.decode(tokens).value(), all);
  EXPECT_EQ(tokenizer.vocabulary_size(), 256);
}

TEST(Tokenizer, CharactersAreTheSortedDistinctCodePoints) {
  const Tokenizer tokenizer = characters("béa b");
  EXPECT_EQ(tokenizer.vocabulary_size(), 4);
  EXPECT_THAT(tokenizer.encode(" abé").value(), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(tokenizer.decode(std::vector<std::uint16_t>{3, 0, 2}).value(), "é b");
}

TEST(Tokenizer, CharactersOfSeveralTextsMakeOneVocabulary) {
  const std::vector<std::string_view> texts = {"ba", "cb"};
  EXPECT_EQ(Tokenizer::characters(texts)->vocabulary_size(), 3);
}

TEST(Tokenizer, UnknownCharacterIsNamedWithItsPlace) {
  const auto tokens = characters("abc").encode("abéc");
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message(), HasSubstr("'é' (U+00E9) at position 2 is not among the 3 characters"));
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8OrEmpty) {
  const std::vector<std::string_view> binary = {"ab\xFF"};
  EXPECT_THAT(Tokenizer::characters(binary).error().message(), HasSubstr("byte 2 is not UTF-8"));
  EXPECT_FALSE(Tokenizer::characters({}));
  EXPECT_FALSE(characters("ab").encode("a\xC3"));
}

TEST(Tokenizer, RefusesMoreCharactersThanTokensHaveNumbers) {
  std::string text;
  for (char32_t c = 0x10000; c < 0x10000 + 65536; ++c) {
    text += static_cast<char>(0xF0U | (c >> 18U));
    for (const unsigned shift : {12U, 6U, 0U}) text += static_cast<char>(0x80U | ((c >> shift) & 0x3FU));
  }
  const std::string_view all = text;
  EXPECT_THAT(Tokenizer::characters(std::span(&all, 1)).error().message(), HasSubstr("65536 different characters"));
  const std::string_view fits = all.substr(4);
  EXPECT_EQ(Tokenizer::characters(std::span(&fits, 1))->vocabulary_size(), 65535);
}

TEST(Tokenizer, JsonComesBack) {
  for (const Tokenizer& tokenizer : {Tokenizer::bytes(), Tokenizer::bin(50257), characters("\n\"\\é😀ab")}) {
    const auto json = parse_json(tokenizer.to_json().dump());
    ASSERT_TRUE(json);
    EXPECT_EQ(Tokenizer::from_json(*json).value(), tokenizer) << json->dump();
  }
}

TEST(Tokenizer, RefusesJsonThatItDidNotWrite) {
  for (const char* bad :
       {"1", "[]", "{}", R"({"version":2,"kind":"bytes"})", R"({"version":1,"kind":"words"})", R"({"version":1,"kind":"bin"})",
        R"({"version":1,"kind":"bin","vocabulary_size":0})", R"({"version":1,"kind":"bin","vocabulary_size":65537})",
        R"({"version":1,"kind":"characters"})", R"({"version":1,"kind":"characters","characters":[]})",
        R"({"version":1,"kind":"characters","characters":["b","a"]})",
        R"({"version":1,"kind":"characters","characters":["a","a"]})",
        R"({"version":1,"kind":"characters","characters":["ab"]})", R"({"version":1,"kind":"characters","characters":[1]})"}) {
    EXPECT_FALSE(Tokenizer::from_json(parse_json(bad).value())) << bad;
  }
}

TEST(Tokenizer, BinKnowsNumbersOnly) {
  EXPECT_FALSE(Tokenizer::bin(10).encode("text"));
  EXPECT_EQ(Tokenizer::bin(10).decode(std::vector<std::uint16_t>{7, 9}).value(), "7 9 ");
  EXPECT_FALSE(Tokenizer::bin(10).decode(std::vector<std::uint16_t>{10}));
}

TEST(Tokenizer, KindsHaveNames) {
  EXPECT_EQ(tokenizer_kind_from("characters").value(), TokenizerKind::characters);
  EXPECT_THAT(tokenizer_kind_from("words").error().message(), HasSubstr("use bytes, characters or bin"));
}

}  // namespace
}  // namespace intertie::data
