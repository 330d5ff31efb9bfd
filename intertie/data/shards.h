// Shards: encoded text on disk. A folder with files of little-endian uint16 (*.bin) and an index, shards.json: tokenizer,
// files and token counts of both splits, hash. `intertie shard` makes such folders, and text that was encoded once is kept as
// one. The index is bytes from outside: everything in it is checked before use. Calls block on the disk; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/data/tokenizer.h"
#include "intertie/data/tokens.h"
#include "intertie/env/disk.h"

namespace intertie::data {

inline constexpr const char* kShardIndexName = "shards.json";
inline constexpr std::uint64_t kShardTokens = std::uint64_t{1} << 28;  // of one file: 512 MiB

struct ShardFile {
  std::string name;  // within the folder
  std::uint64_t tokens = 0;
  friend bool operator==(const ShardFile&, const ShardFile&) = default;
};

struct ShardIndex {
  Tokenizer tokenizer = Tokenizer::bytes();
  std::vector<ShardFile> train;
  std::vector<ShardFile> validation;  // may be empty
  Hash64 hash;                        // data_hash of what the files hold
  friend bool operator==(const ShardIndex&, const ShardIndex&) = default;
};

std::string to_json(const ShardIndex& index);
// Refuses anything that to_json cannot have written, and names that lead out of the folder.
Result<ShardIndex> shard_index_from(std::string_view text);

struct TokenSplits {
  Tokenizer tokenizer = Tokenizer::bytes();
  Tokens train;
  Tokens validation;
};

// Hash over the tokenizer, the length of each split and all tokens: equal hashes, equal training data.
Hash64 data_hash(const TokenSplits& splits);

// Error naming the first token that the vocabulary does not have.
Result<void> check_vocabulary(const Tokens& tokens, int vocabulary_size, const std::string& where);

// Writes the files, then the index, so a folder with an index is whole. `writer` keeps the temporary names of processes apart
// that write the same folder at once (a site's name).
Result<void> write_shards(env::Disk& disk, const std::string& folder, const TokenSplits& splits, const std::string& writer);
// Maps the files; checks sizes, vocabulary and hash (reads everything once).
Result<TokenSplits> open_shards(env::Disk& disk, const std::string& folder);

}  // namespace intertie::data
