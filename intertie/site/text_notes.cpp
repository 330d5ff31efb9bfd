#include "intertie/site/text_notes.h"

#include <charconv>

namespace intertie::site {
namespace {

constexpr const char* kTokenizer = "tokenizer";
constexpr const char* kBegin = "begin";

std::string entry(const checkpoint::Found& found, const char* key) {
  const auto at = found.manifest.more.find(key);
  return at == found.manifest.more.end() ? std::string() : at->second;
}

Error damaged(const checkpoint::Found& found, const std::string& key) {
  return {.code = ErrorCode::reconfigure,
          .where = found.folder + "/manifest.json",
          .what = "\"" + key + "\" is missing or not what it should be",
          .fix = "use a checkpoint that this version wrote",
          .cause = {}};
}

}  // namespace

TextNotes text_notes(const data::Corpus& corpus) {
  TextNotes notes{.tokenizer = corpus.tokenizer, .begin = 0};
  const auto line_break = corpus.tokenizer.encode("\n");
  const data::Tokens& text = corpus.validation.size() > 0 ? corpus.validation : corpus.train;
  if (line_break) {
    notes.begin = line_break->front();
  } else if (text.size() > 0) {
    text.copy(0, {&notes.begin, 1});
  }
  return notes;
}

std::map<std::string, std::string> to_manifest(const TextNotes& notes) {
  return {{kTokenizer, notes.tokenizer.to_json().dump()}, {kBegin, std::to_string(notes.begin)}};
}

Result<TextNotes> text_notes_of(const checkpoint::Found& found) {
  TextNotes notes;
  const Result<Json> json = parse_json(entry(found, kTokenizer));
  if (!json) return damaged(found, kTokenizer);
  Result<data::Tokenizer> tokenizer = data::Tokenizer::from_json(*json);
  if (!tokenizer) return damaged(found, kTokenizer);
  notes.tokenizer = std::move(*tokenizer);
  const std::string begin = entry(found, kBegin);
  const auto [end, status] = std::from_chars(begin.data(), begin.data() + begin.size(), notes.begin);
  const bool whole = status == std::errc() && end == begin.data() + begin.size();
  if (!whole || notes.begin >= notes.tokenizer.vocabulary_size()) return damaged(found, kBegin);
  return notes;
}

}  // namespace intertie::site
