#include "intertie/data/shards.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "intertie/base/json.h"

namespace intertie::data {
namespace {

constexpr const char* kFormat = "intertie-shards";
constexpr int kIndexVersion = 1;
constexpr std::size_t kLargestIndex = 8U << 20U;  // bytes
constexpr std::size_t kMostFiles = 65536;

Error bad_index(std::string what) {
  return Error{ErrorCode::reconfigure, kShardIndexName, std::move(what), "make the shards again", nullptr};
}

Json to_json(const std::vector<ShardFile>& files) {
  Json list = Json::array();
  for (const ShardFile& file : files) list.push(Json::object({{"file", file.name}, {"tokens", file.tokens}}));
  return list;
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() < 256 && !name.starts_with('.') && name.ends_with(".bin") &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

Result<std::vector<ShardFile>> files_from(const Json& list) {
  if (!list.is_array() || list.items().size() > kMostFiles) return bad_index("`train` and `validation` must be lists of files");
  std::vector<ShardFile> files;
  for (const Json& entry : list.items()) {
    const std::string* name = entry["file"].text();
    const std::uint64_t tokens = entry["tokens"].whole().value_or(0);
    if (!name || !is_plain_name(*name)) return bad_index("a file's name is not a plain name that ends in .bin");
    if (tokens == 0) return bad_index("a file's `tokens` is not a count");
    files.push_back({*name, tokens});
  }
  return files;
}

Result<Hash64> hash_from(const Json& value) {
  const std::optional<Hash64> hash = value.text() ? parse_hash(*value.text()) : std::nullopt;
  if (!hash) return bad_index("`hash` is not 16 hexadecimal digits");
  return *hash;
}

std::string path_in(const std::string& folder, const ShardFile& file) { return folder + "/" + file.name; }

// Writes under a temporary name, then renames.
Result<void> write_file(env::Disk& disk, const std::string& path, const std::string& writer, const Tokens& tokens) {
  const std::string partial = path + "." + writer + ".partial";
  {
    INTERTIE_ASSIGN(const std::unique_ptr<env::WritableFile> file, disk.create(partial));
    for (const Tokens::Piece& piece : tokens.pieces()) INTERTIE_RETURN_IF_ERROR(file->append(std::as_bytes(piece.view)));
    INTERTIE_RETURN_IF_ERROR(file->sync());
  }
  return disk.rename(partial, path);
}

Result<void> write_index(env::Disk& disk, const std::string& path, const std::string& writer, const ShardIndex& index) {
  const std::string partial = path + "." + writer + ".partial";
  const std::string json = to_json(index);
  {
    INTERTIE_ASSIGN(const std::unique_ptr<env::WritableFile> file, disk.create(partial));
    INTERTIE_RETURN_IF_ERROR(file->append(std::as_bytes(std::span(json))));
    INTERTIE_RETURN_IF_ERROR(file->sync());
  }
  return disk.rename(partial, path);
}

// "train-00003.bin"
std::string shard_name(const std::string& split, std::size_t number) {
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "-%05zu.bin", number);
  return split + digits.data();
}

Result<std::vector<ShardFile>> write_split(env::Disk& disk, const std::string& folder, const std::string& split,
                                           const std::string& writer, const Tokens& tokens) {
  std::vector<ShardFile> files;
  for (std::uint64_t first = 0; first < tokens.size(); first += kShardTokens) {
    const Tokens part = tokens.slice(first, std::min(tokens.size(), first + kShardTokens));
    files.push_back({shard_name(split, files.size()), part.size()});
    INTERTIE_RETURN_IF_ERROR(write_file(disk, path_in(folder, files.back()), writer, part));
  }
  return files;
}

Result<Tokens> open_split(env::Disk& disk, const std::string& folder, const std::vector<ShardFile>& files,
                          int vocabulary_size) {
  Tokens tokens;
  for (const ShardFile& file : files) {
    const std::string path = path_in(folder, file);
    INTERTIE_ASSIGN(const Tokens part, Tokens::map(disk, path));
    if (part.size() != file.tokens) {
      return Error{ErrorCode::reconfigure, path,
                   "the file holds " + std::to_string(part.size()) + " tokens, its index says " + std::to_string(file.tokens),
                   "make the shards again", nullptr};
    }
    INTERTIE_RETURN_IF_ERROR(check_vocabulary(part, vocabulary_size, path));
    tokens.append(part);
  }
  return tokens;
}

}  // namespace

std::string to_json(const ShardIndex& index) {
  const Json json = Json::object({{"format", kFormat},
                                  {"version", kIndexVersion},
                                  {"tokenizer", index.tokenizer.to_json()},
                                  {"hash", to_string(index.hash)},
                                  {"train", to_json(index.train)},
                                  {"validation", to_json(index.validation)}});
  return json.dump(1) + "\n";
}

Result<ShardIndex> shard_index_from(std::string_view text) {
  if (text.size() > kLargestIndex) return bad_index("larger than any index of this program");
  const Result<Json> json = parse_json(text);
  if (!json) return bad_index("not JSON: " + json.error().what);
  if ((*json)["format"] != kFormat || (*json)["version"] != kIndexVersion) {
    return bad_index("not an index of intertie-shards, version 1");
  }
  ShardIndex index;
  INTERTIE_ASSIGN(index.tokenizer, Tokenizer::from_json((*json)["tokenizer"]));
  INTERTIE_ASSIGN(index.hash, hash_from((*json)["hash"]));
  INTERTIE_ASSIGN(index.train, files_from((*json)["train"]));
  INTERTIE_ASSIGN(index.validation, files_from((*json)["validation"]));
  if (index.train.empty()) return bad_index("`train` names no file");
  return index;
}

Hash64 data_hash(const TokenSplits& splits) {
  Hasher hasher;
  const std::string tokenizer = splits.tokenizer.to_json().dump();
  const std::array<std::uint64_t, 3> sizes = {tokenizer.size(), splits.train.size(), splits.validation.size()};
  hasher.add(std::as_bytes(std::span(sizes)));
  hasher.add(std::as_bytes(std::span(tokenizer)));
  splits.train.add_to(hasher);
  splits.validation.add_to(hasher);
  return hasher.finish();
}

Result<void> check_vocabulary(const Tokens& tokens, int vocabulary_size, const std::string& where) {
  if (tokens.largest() < vocabulary_size) return {};
  return Error{
      ErrorCode::reconfigure, where,
      "holds the token " + std::to_string(tokens.largest()) + ", outside the vocabulary of " + std::to_string(vocabulary_size),
      "use the tokenizer that the file was made with (tokenizer = \"bin\" takes any)", nullptr};
}

Result<void> write_shards(env::Disk& disk, const std::string& folder, const TokenSplits& splits, const std::string& writer) {
  INTERTIE_RETURN_IF_ERROR(disk.make_folders(folder));
  ShardIndex index{.tokenizer = splits.tokenizer, .train = {}, .validation = {}, .hash = data_hash(splits)};
  INTERTIE_ASSIGN(index.train, write_split(disk, folder, "train", writer, splits.train));
  INTERTIE_ASSIGN(index.validation, write_split(disk, folder, "validation", writer, splits.validation));
  return write_index(disk, folder + "/" + kShardIndexName, writer, index);
}

Result<TokenSplits> open_shards(env::Disk& disk, const std::string& folder) {
  INTERTIE_ASSIGN(const std::vector<std::byte> json, disk.read(folder + "/" + kShardIndexName));
  const Result<ShardIndex> index =
      shard_index_from(std::string_view(static_cast<const char*>(static_cast<const void*>(json.data())), json.size()));
  if (!index) return index.error().in("reading the shards in " + folder);
  TokenSplits splits{.tokenizer = index->tokenizer, .train = {}, .validation = {}};
  INTERTIE_ASSIGN(splits.train, open_split(disk, folder, index->train, index->tokenizer.vocabulary_size()));
  INTERTIE_ASSIGN(splits.validation, open_split(disk, folder, index->validation, index->tokenizer.vocabulary_size()));
  if (data_hash(splits) != index->hash) {
    return Error{ErrorCode::reconfigure, folder, "the shards' tokens do not match the hash in their index",
                 "make the shards again", nullptr};
  }
  return splits;
}

}  // namespace intertie::data
