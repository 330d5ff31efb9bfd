// What checkpoints say about the text that a model was trained on, so that `sample` needs none of it: the tokenizer, and a
// token to begin from without a prompt. They lie in the `more` of a manifest. Values; pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "intertie/base/result.h"
#include "intertie/checkpoint/checkpoint.h"
#include "intertie/data/corpus.h"
#include "intertie/data/tokenizer.h"

namespace intertie::site {

struct TextNotes {
  data::Tokenizer tokenizer = data::Tokenizer::bytes();
  std::uint16_t begin = 0;  // a line break where the tokenizer has one, else the first token of the held-out or training text
};

TextNotes text_notes(const data::Corpus& corpus);
std::map<std::string, std::string> to_manifest(const TextNotes& notes);
// Errors (reconfigure) name the checkpoint.
Result<TextNotes> text_notes_of(const checkpoint::Found& found);

}  // namespace intertie::site
