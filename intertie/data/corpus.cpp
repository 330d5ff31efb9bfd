#include "intertie/data/corpus.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <optional>

#include "intertie/base/utf8.h"
#include "intertie/data/shards.h"
#include "intertie/data/sources.h"

namespace intertie::data {
namespace {

Error bad_data(std::string where, std::string what, std::string fix) {
  return Error{ErrorCode::reconfigure, std::move(where), std::move(what), std::move(fix), nullptr};
}

// The text files of one list of the settings, mapped.
struct Texts {
  std::vector<std::unique_ptr<env::MappedFile>> files;
  std::vector<std::string> paths;
  std::vector<std::string_view> views;
  std::vector<std::string> skipped;  // empty or binary files in folders
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

bool is_binary(std::string_view text) { return std::memchr(text.data(), 0, text.size()) != nullptr; }

std::string first_of(const std::vector<std::string>& paths) {
  constexpr std::size_t kShown = 3;
  std::string list;
  for (std::size_t i = 0; i < std::min(paths.size(), kShown); ++i) list += (i == 0 ? "" : ", ") + paths[i];
  return paths.size() <= kShown ? list : list + " and " + std::to_string(paths.size() - kShown) + " more";
}

Result<Texts> map_texts(env::Disk& disk, const std::vector<std::string>& entries) {
  INTERTIE_ASSIGN(const std::vector<SourceFile> sources, list_sources(disk, entries, ""));
  Texts texts;
  for (const SourceFile& source : sources) {
    INTERTIE_ASSIGN(std::unique_ptr<env::MappedFile> file, disk.map(source.path));
    const std::string_view view = as_text(file->bytes());
    const bool usable = !view.empty() && !is_binary(view);
    if (!usable && source.named) {
      return view.empty()
                 ? bad_data(source.path, "the file is empty", "name a file that holds text")
                 : bad_data(source.path, "the file is binary (it holds a zero byte), not text",
                            "name text in UTF-8 (not UTF-16), or uint16 tokens as a .bin file with tokenizer = \"bin\"");
    }
    if (!usable) {
      texts.skipped.push_back(source.path);
      continue;
    }
    texts.files.push_back(std::move(file));
    texts.paths.push_back(source.path);
    texts.views.push_back(view);
  }
  if (texts.views.empty()) {
    return bad_data(
        entries.front(),
        "there is no text: " + std::to_string(texts.skipped.size()) + " files, all empty or binary: " + first_of(texts.skipped),
        "name a folder or file that holds text in UTF-8");
  }
  return texts;
}

Result<void> check_encodable(TokenizerKind kind, const Texts& texts) {
  if (kind == TokenizerKind::bytes) return {};
  for (std::size_t i = 0; i < texts.views.size(); ++i) {
    if (const auto position = find_invalid_utf8(texts.views[i])) {
      return bad_data(texts.paths[i], "byte " + std::to_string(*position) + " is not UTF-8",
                      "convert the file, or use tokenizer = \"bytes\", which takes any");
    }
  }
  return {};
}

// `kind` decides whether the texts can be encoded at all.
Result<Texts> open_texts(env::Disk& disk, const SourceList& list, TokenizerKind kind) {
  Result<Texts> texts = map_texts(disk, list.entries);
  if (!texts) return list.named(texts.error());
  if (const auto encodable = check_encodable(kind, *texts); !encodable) return list.named(encodable.error());
  return texts;
}

// The tokenizer, with the vocabulary of all texts together if it has one.
Result<Tokenizer> make_tokenizer(TokenizerKind kind, const std::vector<const Texts*>& lists) {
  if (kind == TokenizerKind::bytes) return Tokenizer::bytes();
  std::vector<std::string_view> views;
  for (const Texts* list : lists) views.insert(views.end(), list->views.begin(), list->views.end());
  return Tokenizer::characters(views);
}

Result<Tokens> encode_texts(const Tokenizer& tokenizer, const Texts& texts) {
  Tokens all;
  for (std::size_t i = 0; i < texts.views.size(); ++i) {
    Result<std::vector<std::uint16_t>> tokens = tokenizer.encode(texts.views[i]);
    if (!tokens) return tokens.error().in(texts.paths[i]);
    all.append(Tokens::own(*std::move(tokens)));
  }
  return all;
}

// Cuts the last `share` of `all` off as validation.
Result<void> cut_validation(TokenSplits& splits, const Tokens& all, double share) {
  if (!(share >= 0 && share < 1)) {
    return bad_data("data.validation_share", "must be at least 0 and less than 1", "0.1 cuts a tenth off the end");
  }
  const auto held_out = static_cast<std::uint64_t>(static_cast<double>(all.size()) * share);
  splits.train = all.slice(0, all.size() - held_out);
  splits.validation = all.slice(all.size() - held_out, all.size());
  return {};
}

std::string cache_key(const Settings& settings, const Texts& train, const std::optional<Texts>& validation) {
  Hasher hasher;
  const auto add_number = [&](std::uint64_t number) { hasher.add(std::as_bytes(std::span(&number, 1))); };
  const auto add_list = [&](const Texts& texts) {
    for (const std::string_view view : texts.views) {
      add_number(view.size());
      hasher.add(std::as_bytes(std::span(view)));
    }
  };
  add_number(hash_text(settings.tokenizer).value);
  add_number(std::bit_cast<std::uint64_t>(settings.validation_share));
  add_number(train.views.size());
  add_list(train);
  if (validation) add_list(*validation);
  return to_string(hasher.finish());
}

Result<TokenSplits> encode_splits(const Settings& settings, TokenizerKind kind, const Texts& train,
                                  const std::optional<Texts>& validation) {
  std::vector<const Texts*> lists = {&train};
  if (validation) lists.push_back(&*validation);
  TokenSplits splits;
  Result<Tokenizer> tokenizer = make_tokenizer(kind, lists);
  if (!tokenizer) return train_sources(settings).named(tokenizer.error());
  splits.tokenizer = *std::move(tokenizer);
  INTERTIE_ASSIGN(const Tokens all, encode_texts(splits.tokenizer, train));
  if (validation) {
    splits.train = all;
    INTERTIE_ASSIGN(splits.validation, encode_texts(splits.tokenizer, *validation));
  } else {
    INTERTIE_RETURN_IF_ERROR(cut_validation(splits, all, settings.validation_share));
  }
  return splits;
}

Corpus as_corpus(TokenSplits splits) {
  Corpus corpus;
  corpus.hash = data_hash(splits);
  corpus.tokenizer = std::move(splits.tokenizer);
  corpus.train = std::move(splits.train);
  corpus.validation = std::move(splits.validation);
  return corpus;
}

// What the cache has for `folder`, or what `encode` makes, kept there. A cache that fails costs memory, not the run.
Result<TokenSplits> through_cache(env::Disk& disk, const ShardCache& cache, const std::string& key,
                                  std::vector<std::string>& notes, const std::function<Result<TokenSplits>()>& encode) {
  if (cache.folder.empty()) return encode();
  const std::string folder = cache.folder + "/" + key;
  if (disk.exists(folder + "/" + kShardIndexName)) {
    Result<TokenSplits> kept = open_shards(disk, folder);
    if (kept) return kept;
    notes.push_back("the encoded text was damaged and is made again: " + kept.error().message());
  }
  INTERTIE_ASSIGN(TokenSplits splits, encode());
  if (cache.accept) INTERTIE_RETURN_IF_ERROR(cache.accept(splits.tokenizer, splits.train, splits.validation));
  const Result<void> written = write_shards(disk, folder, splits, cache.writer);
  Result<TokenSplits> mapped = written ? open_shards(disk, folder) : Result<TokenSplits>(written.error());
  if (mapped) return mapped;
  notes.push_back("the encoded text is not kept on disk: " + mapped.error().message());
  return splits;
}

Result<Corpus> open_text_corpus(const Settings& settings, TokenizerKind kind, env::Disk& disk, const ShardCache& cache) {
  INTERTIE_ASSIGN(const Texts train, open_texts(disk, train_sources(settings), kind));
  std::optional<Texts> validation;
  if (!settings.validation.empty()) {
    INTERTIE_ASSIGN(validation, open_texts(disk, validation_sources(settings), kind));
  }
  std::vector<std::string> notes;
  const auto encode = [&] { return encode_splits(settings, kind, train, validation); };
  INTERTIE_ASSIGN(TokenSplits splits, through_cache(disk, cache, cache_key(settings, train, validation), notes, encode));
  Corpus corpus = as_corpus(std::move(splits));
  corpus.num_files = train.views.size() + (validation ? validation->views.size() : 0);
  corpus.notes = std::move(notes);
  std::vector<std::string> skipped = train.skipped;
  if (validation) skipped.insert(skipped.end(), validation->skipped.begin(), validation->skipped.end());
  const bool own_text = settings.train != Settings{}.train;  // the standard library has empty files, as it should
  if (own_text && !skipped.empty()) {
    corpus.notes.push_back(std::to_string(skipped.size()) + " empty or binary files were passed over: " + first_of(skipped));
  }
  return corpus;
}

Result<Tokens> map_bins(env::Disk& disk, const std::vector<std::string>& entries, std::uint64_t& num_files) {
  INTERTIE_ASSIGN(const std::vector<SourceFile> sources, list_sources(disk, entries, ".bin"));
  Tokens all;
  for (const SourceFile& source : sources) {
    if (!source.path.ends_with(".bin")) {
      return bad_data(source.path, "tokenizer = \"bin\" takes ready-made .bin files, and this is not one",
                      "use tokenizer = \"bytes\" or \"characters\" for text");
    }
    INTERTIE_ASSIGN(const Tokens tokens, Tokens::map(disk, source.path));
    all.append(tokens);
  }
  num_files += sources.size();
  return all;
}

Result<Tokens> open_bins(env::Disk& disk, const SourceList& list, std::uint64_t& num_files) {
  Result<Tokens> tokens = map_bins(disk, list.entries, num_files);
  return tokens ? std::move(tokens) : list.named(tokens.error());
}

Result<void> check_vocabulary_of(const SourceList& list, const Tokens& tokens, int size) {
  const Result<void> good = check_vocabulary(tokens, size, list.entries.front());
  return good ? good : list.named(good.error());
}

Result<Corpus> open_bin_corpus(const Settings& settings, TokenizerKind kind, env::Disk& disk) {
  std::uint64_t num_files = 0;
  INTERTIE_ASSIGN(const Tokens train, open_bins(disk, train_sources(settings), num_files));
  TokenSplits splits;
  if (settings.validation.empty()) {
    INTERTIE_RETURN_IF_ERROR(cut_validation(splits, train, settings.validation_share));
  } else {
    splits.train = train;
    INTERTIE_ASSIGN(splits.validation, open_bins(disk, validation_sources(settings), num_files));
  }
  if (kind == TokenizerKind::bin) {
    splits.tokenizer = Tokenizer::bin(std::max(splits.train.largest(), splits.validation.largest()) + 1);
  }
  const int size = splits.tokenizer.vocabulary_size();
  INTERTIE_RETURN_IF_ERROR(check_vocabulary_of(train_sources(settings), splits.train, size));
  const SourceList held_out = settings.validation.empty() ? train_sources(settings) : validation_sources(settings);
  INTERTIE_RETURN_IF_ERROR(check_vocabulary_of(held_out, splits.validation, size));
  Corpus corpus = as_corpus(std::move(splits));
  corpus.num_files = num_files;
  return corpus;
}

Result<Corpus> open_shard_corpus(const Settings& settings, TokenizerKind kind, env::Disk& disk) {
  const std::string& folder = settings.train.front();
  if (settings.train.size() != 1 || !settings.validation.empty()) {
    return bad_data({}, "the shard folder \"" + folder + "\" holds both splits and stands alone",
                    "remove the other entries, or name its .bin files with tokenizer = \"bin\"");
  }
  INTERTIE_ASSIGN(TokenSplits splits, open_shards(disk, folder));
  if (splits.tokenizer.kind() != kind && kind != TokenizerKind::bytes) {
    return bad_data(folder, std::string("the shards were made with tokenizer = \"") + to_string(splits.tokenizer.kind()) + "\"",
                    "write the same in [data]");
  }
  Corpus corpus = as_corpus(std::move(splits));
  corpus.num_files = 1;
  return corpus;
}

bool all_bins(const std::vector<std::string>& entries) {
  return std::ranges::all_of(entries, [](const std::string& entry) { return entry.ends_with(".bin"); });
}

}  // namespace

Result<Corpus> open_corpus(const Settings& settings, env::Disk& disk, const ShardCache& cache) {
  INTERTIE_ASSIGN(const TokenizerKind kind, tokenizer_kind_from(settings.tokenizer));
  const SourceList train = train_sources(settings);
  if (settings.train.empty()) return train.named(bad_data({}, "names nothing", "name files, folders or patterns"));
  const auto is_shards = [&](const std::string& entry) { return disk.exists(entry + "/" + kShardIndexName); };
  if (std::ranges::any_of(settings.train, is_shards)) {
    Result<Corpus> shards = open_shard_corpus(settings, kind, disk);
    return shards ? std::move(shards) : train.named(shards.error());
  }
  if (kind == TokenizerKind::bin) return open_bin_corpus(settings, kind, disk);
  if (!all_bins(settings.train)) return open_text_corpus(settings, kind, disk, cache);
  if (kind == TokenizerKind::bytes) return open_bin_corpus(settings, kind, disk);
  return train.named(bad_data(settings.train.front(), "a .bin file does not say which character a token stands for",
                              "use tokenizer = \"bin\", or a folder made by `intertie shard`"));
}

Result<Corpus> make_shards(const Settings& settings, env::Disk& disk, const std::string& folder) {
  if (disk.exists(folder + "/" + kShardIndexName)) {
    return bad_data(folder, "the folder holds shards already", "remove it or name another one");
  }
  INTERTIE_ASSIGN(Corpus corpus, open_corpus(settings, disk, ShardCache{}));
  const TokenSplits splits{.tokenizer = corpus.tokenizer, .train = corpus.train, .validation = corpus.validation};
  INTERTIE_RETURN_IF_ERROR(write_shards(disk, folder, splits, "shard"));
  return corpus;
}

}  // namespace intertie::data
