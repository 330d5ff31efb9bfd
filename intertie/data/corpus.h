// Corpus: the training data of a run, opened from [data] of the run file: tokenizer, training and validation tokens, and the
// hash that is in every site's hello (sites with different text refuse each other). The order of the text is fixed: entries as
// given, files by path. Calls block on the disk and belong on a worker; values; any thread.
//
//   INTERTIE_ASSIGN(Corpus corpus, open_corpus(settings, disk, {.folder = ".cache/shards", .writer = "ashburn"}));
//   INTERTIE_ASSIGN(Sampler sampler, Sampler::make(corpus.train, length, seed));
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/data/settings.h"
#include "intertie/data/tokenizer.h"
#include "intertie/data/tokens.h"
#include "intertie/env/disk.h"

namespace intertie::data {

// Where encoded text is kept, as one shard folder per content. An empty folder: nowhere, tokens stay in memory.
struct ShardCache {
  std::string folder;
  std::string writer = "site";  // distinct among processes that may write at once
  // Asked about freshly encoded text before any of it is written; its error is open_corpus's. Empty: no questions.
  std::function<Result<void>(const Tokenizer&, const Tokens& train, const Tokens& validation)> accept = {};
};

struct Corpus {
  Tokenizer tokenizer = Tokenizer::bytes();
  Tokens train;
  Tokens validation;
  Hash64 hash;
  std::uint64_t num_files = 0;
  std::vector<std::string> notes;  // for the log: files passed over, a cache that could not be written
};

// Errors say where in the run file the text was named.
Result<Corpus> open_corpus(const Settings& settings, env::Disk& disk, const ShardCache& cache);

// For `intertie shard`: encodes what `settings` names into a new shard folder. Error if the folder holds shards already.
Result<Corpus> make_shards(const Settings& settings, env::Disk& disk, const std::string& folder);

}  // namespace intertie::data
