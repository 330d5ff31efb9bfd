#include "intertie/data/tokenizer.h"

#include <algorithm>

#include "intertie/base/utf8.h"

namespace intertie::data {
namespace {

constexpr std::size_t kLargestAlphabet = 65535;
constexpr char32_t kCodePoints = 0x110000;
constexpr int kVocabularyVersion = 1;
constexpr std::uint16_t kNoToken = 0xFFFF;

Error bad_input(std::string what, std::string fix) {
  return Error{ErrorCode::reconfigure, {}, std::move(what), std::move(fix), nullptr};
}

Error not_utf8(std::size_t position) {
  return bad_input("byte " + std::to_string(position) + " is not UTF-8",
                   "convert the text, or use tokenizer = \"bytes\", which takes any");
}

Error bad_vocabulary(std::string what) {
  return bad_input("not a tokenizer of this program: " + std::move(what), "make the shards again");
}

// The alphabet as tokens by code point, so that encoding is one look-up a character.
std::vector<std::uint16_t> tokens_by_code_point(const std::u32string& alphabet) {
  std::vector<std::uint16_t> tokens(alphabet.empty() ? 0 : alphabet.back() + 1, kNoToken);
  for (std::size_t i = 0; i < alphabet.size(); ++i) tokens[alphabet[i]] = static_cast<std::uint16_t>(i);
  return tokens;
}

Result<std::u32string> alphabet_from(const Json::Array& list) {
  if (list.empty() || list.size() > kLargestAlphabet) {
    return bad_vocabulary("`characters` must be a list of 1 to 65535 characters");
  }
  std::u32string alphabet;
  for (const Json& entry : list) {
    if (!entry.text()) return bad_vocabulary("`characters` holds something that is not text");
    std::string_view text = *entry.text();
    const std::optional<char32_t> code_point = take_code_point(text);
    if (!code_point || !text.empty()) return bad_vocabulary("an entry of `characters` is not one character");
    if (!alphabet.empty() && *code_point <= alphabet.back()) return bad_vocabulary("`characters` is not in order");
    alphabet += *code_point;
  }
  return alphabet;
}

}  // namespace

const char* to_string(TokenizerKind kind) {
  switch (kind) {
    case TokenizerKind::bytes: return "bytes";
    case TokenizerKind::characters: return "characters";
    case TokenizerKind::bin: return "bin";
  }
  return "unknown";
}

Result<TokenizerKind> tokenizer_kind_from(std::string_view name) {
  for (const TokenizerKind kind : {TokenizerKind::bytes, TokenizerKind::characters, TokenizerKind::bin}) {
    if (name == to_string(kind)) return kind;
  }
  return bad_input("unknown tokenizer \"" + std::string(name) + "\"", "use bytes, characters or bin");
}

Tokenizer Tokenizer::bytes() { return {TokenizerKind::bytes, 256}; }

Tokenizer Tokenizer::bin(int vocabulary_size) {
  INTERTIE_CHECK_LT(0, vocabulary_size);
  INTERTIE_CHECK_LE(vocabulary_size, 65536);
  return {TokenizerKind::bin, vocabulary_size};
}

Result<Tokenizer> Tokenizer::characters(std::span<const std::string_view> texts) {
  std::vector<bool> seen(kCodePoints, false);
  for (const std::string_view text : texts) {
    for (std::string_view rest = text; !rest.empty();) {
      const std::optional<char32_t> code_point = take_code_point(rest);
      if (!code_point) return not_utf8(text.size() - rest.size());
      seen[*code_point] = true;
    }
  }
  Tokenizer tokenizer(TokenizerKind::characters, 0);
  for (char32_t c = 0; c < kCodePoints; ++c) {
    if (seen[c]) tokenizer.alphabet_ += c;
  }
  if (tokenizer.alphabet_.empty()) return bad_input("the text is empty", "name a file that holds text");
  if (tokenizer.alphabet_.size() > kLargestAlphabet) {
    return bad_input("the text has " + std::to_string(tokenizer.alphabet_.size()) + " different characters, more than 65535",
                     "use tokenizer = \"bytes\"");
  }
  tokenizer.vocabulary_size_ = static_cast<int>(tokenizer.alphabet_.size());
  return tokenizer;
}

Result<Tokenizer> Tokenizer::from_json(const Json& json) {
  if (!json.is_object()) return bad_vocabulary("it is not a JSON object");
  if (json["version"] != kVocabularyVersion) return bad_vocabulary("its version is not 1");
  const Json& kind = json["kind"];
  if (kind == to_string(TokenizerKind::bytes)) return bytes();
  if (kind == to_string(TokenizerKind::bin)) {
    const std::uint64_t size = json["vocabulary_size"].whole().value_or(0);
    if (size < 1 || size > 65536) return bad_vocabulary("`vocabulary_size` must be 1 to 65536");
    return bin(static_cast<int>(size));
  }
  if (kind != to_string(TokenizerKind::characters)) return bad_vocabulary("`kind` is not bytes, characters or bin");
  Tokenizer tokenizer(TokenizerKind::characters, 0);
  INTERTIE_ASSIGN(tokenizer.alphabet_, alphabet_from(json["characters"].items()));
  tokenizer.vocabulary_size_ = static_cast<int>(tokenizer.alphabet_.size());
  return tokenizer;
}

Json Tokenizer::to_json() const {
  Json json = Json::object({{"version", kVocabularyVersion}, {"kind", to_string(kind_)}});
  if (kind_ == TokenizerKind::bin) json.set("vocabulary_size", vocabulary_size_);
  if (kind_ == TokenizerKind::characters) {
    Json list = Json::array();
    for (const char32_t c : alphabet_) {
      std::string text;
      append_code_point(text, c);
      list.push(std::move(text));
    }
    json.set("characters", std::move(list));
  }
  return json;
}

Result<std::vector<std::uint16_t>> Tokenizer::encode(std::string_view text) const {
  if (kind_ == TokenizerKind::characters) return encode_characters(text);
  if (kind_ == TokenizerKind::bin) {
    return bad_input("the data came as ready-made tokens, so text cannot be turned into tokens here",
                     "train from text, or leave the prompt empty");
  }
  std::vector<std::uint16_t> tokens(text.size());
  std::ranges::transform(text, tokens.begin(), [](char c) { return static_cast<unsigned char>(c); });
  return tokens;
}

Result<std::vector<std::uint16_t>> Tokenizer::encode_characters(std::string_view text) const {
  const std::vector<std::uint16_t> by_code_point = tokens_by_code_point(alphabet_);
  std::vector<std::uint16_t> tokens;
  tokens.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const std::optional<char32_t> code_point = take_code_point(rest);
    if (!code_point) return not_utf8(text.size() - rest.size());
    const std::uint16_t token = *code_point < by_code_point.size() ? by_code_point[*code_point] : kNoToken;
    if (token == kNoToken) {
      return bad_input("the character " + describe_code_point(*code_point) + " at position " + std::to_string(tokens.size()) +
                           " is not among the " + std::to_string(vocabulary_size_) + " characters of the training text",
                       "leave it out, or train with tokenizer = \"bytes\"");
    }
    tokens.push_back(token);
  }
  return tokens;
}

Result<std::string> Tokenizer::decode(std::span<const std::uint16_t> tokens) const {
  std::string text;
  for (const std::uint16_t token : tokens) {
    if (token >= vocabulary_size_) {
      return bad_input("token " + std::to_string(token) + " is outside the vocabulary of " + std::to_string(vocabulary_size_),
                       "use the tokenizer that the tokens were made with");
    }
    switch (kind_) {
      case TokenizerKind::bytes: text += static_cast<char>(token); break;
      case TokenizerKind::characters: append_code_point(text, alphabet_[token]); break;
      case TokenizerKind::bin: text += std::to_string(token) + " "; break;
    }
  }
  return text;
}

}  // namespace intertie::data
