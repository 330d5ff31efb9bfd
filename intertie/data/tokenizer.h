// Tokenizer: text to uint16 tokens and back. `bytes`: one token per byte, 256 of them. `characters`: one per distinct Unicode
// code point of the corpus, in code point order, at most 65,535. `bin`: tokens made elsewhere, of which only the number is
// known. Its JSON lies in shard folders and in the manifests of checkpoints, and its hash is part of the corpus's. Value;
// any thread.
//
//   INTERTIE_ASSIGN(Tokenizer tokenizer, Tokenizer::characters({"hello"}));
//   INTERTIE_ASSIGN(std::vector<std::uint16_t> tokens, tokenizer.encode("hell"));
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/json.h"
#include "intertie/base/result.h"

namespace intertie::data {

enum class TokenizerKind { bytes, characters, bin };

const char* to_string(TokenizerKind kind);
Result<TokenizerKind> tokenizer_kind_from(std::string_view name);

class Tokenizer {
 public:
  static Tokenizer bytes();
  // Errors: a text that is not UTF-8 (its position in `what`), more than 65,535 distinct characters, no character at all.
  static Result<Tokenizer> characters(std::span<const std::string_view> texts);
  static Tokenizer bin(int vocabulary_size);  // 1 .. 65,536

  // Reads what to_json wrote; refuses anything else.
  static Result<Tokenizer> from_json(const Json& json);
  Json to_json() const;

  // Errors: a character outside the vocabulary, text that is not UTF-8, or (bin) no way to read text.
  Result<std::vector<std::uint16_t>> encode(std::string_view text) const;
  // Tokens of `bin` become their numbers, each followed by a space. Error: a token outside the vocabulary.
  Result<std::string> decode(std::span<const std::uint16_t> tokens) const;

  TokenizerKind kind() const { return kind_; }
  int vocabulary_size() const { return vocabulary_size_; }
  friend bool operator==(const Tokenizer&, const Tokenizer&) = default;

 private:
  Tokenizer(TokenizerKind kind, int vocabulary_size) : kind_(kind), vocabulary_size_(vocabulary_size) {}
  Result<std::vector<std::uint16_t>> encode_characters(std::string_view text) const;

  TokenizerKind kind_;
  int vocabulary_size_;
  std::u32string alphabet_;  // characters: sorted, distinct; a token is a position in it
};

}  // namespace intertie::data
