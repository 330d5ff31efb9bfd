#include "intertie/site/site_data.h"

#include <fmt/format.h>

#include "intertie/data/sources.h"

namespace intertie::site {
namespace {

using data::Tokens;

std::uint64_t sequences_per_step(const RunFile& file) {
  return file.tokens_per_step() / static_cast<std::uint64_t>(file.train.sequence_length);
}

Result<data::Sampler> make_sampler(const RunFile& file, const Tokens& tokens) {
  Result<data::Sampler> sampler = data::Sampler::make(tokens, file.train.sequence_length, file.run.seed);
  const Result<void> enough = sampler ? sampler->check_step(sequences_per_step(file)) : sampler.error();
  return enough ? std::move(sampler) : data::train_sources(file.data).named(enough.error());
}

Error nothing_held_out(const RunFile& file) {
  return data::train_sources(file.data).named(
      {.code = ErrorCode::reconfigure,
       .where = {},
       .what = fmt::format("data.validation_share = {} holds nothing out of this text to evaluate with",
                           file.data.validation_share),
       .fix = "write a larger share, use more text, or switch evaluation off: evaluate_every = \"0 steps\" in [train]",
       .cause = nullptr});
}

Result<std::optional<data::EvaluationWindows>> make_windows(const RunFile& file, const Tokens& tokens) {
  std::optional<data::EvaluationWindows> windows;
  if (file.train.evaluate_every.count == 0) return windows;
  if (tokens.size() == 0 && file.data.validation.empty()) return nothing_held_out(file);
  auto made = data::EvaluationWindows::make(tokens, file.train.sequence_length, static_cast<int>(sequences_per_step(file)),
                                            file.train.evaluate_batches, file.run.seed);
  const bool cut = file.data.validation.empty();
  if (!made) return (cut ? data::train_sources(file.data) : data::validation_sources(file.data)).named(made.error());
  windows.emplace(std::move(*made));
  return windows;
}

Result<void> check_vocabulary(const RunFile& file, const data::Tokenizer& tokenizer) {
  const int size = tokenizer.vocabulary_size();
  if (file.model.vocab_size == 0 || file.model.vocab_size >= size) return {};
  const bool bin = tokenizer.kind() == data::TokenizerKind::bin;  // does not say itself how many kinds there are
  return Error{.code = ErrorCode::reconfigure,
               .where = file.path,
               .what = fmt::format("model.vocab_size = {} is smaller than the tokenizer's {}", file.model.vocab_size, size),
               .fix = (bin ? "" : "remove it, or ") + fmt::format("write at least {}", size),
               .cause = nullptr};
}

Result<Samples> make_samples(const RunFile& file, const data::Tokenizer& tokenizer, const Tokens& train,
                             const Tokens& validation) {
  INTERTIE_RETURN_IF_ERROR(check_vocabulary(file, tokenizer));
  INTERTIE_ASSIGN(data::Sampler sampler, make_sampler(file, train));
  INTERTIE_ASSIGN(auto windows, make_windows(file, validation));
  return Samples{.train = std::move(sampler), .validation = std::move(windows)};
}

}  // namespace

Result<SiteData> open_site_data(const RunFile& file, env::Disk& disk, data::ShardCache cache) {
  cache.accept = [&file](const data::Tokenizer& tokenizer, const Tokens& train, const Tokens& validation) -> Result<void> {
    const Result<Samples> samples = make_samples(file, tokenizer, train, validation);
    return samples ? Result<void>() : samples.error();
  };
  INTERTIE_ASSIGN(data::Corpus corpus, data::open_corpus(file.data, disk, cache));
  INTERTIE_ASSIGN(Samples samples, make_samples(file, corpus.tokenizer, corpus.train, corpus.validation));
  return SiteData{.corpus = std::move(corpus), .samples = std::move(samples)};
}

}  // namespace intertie::site
