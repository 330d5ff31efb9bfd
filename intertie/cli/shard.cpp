// intertie shard: encodes a run's text into .bin shards.
#include <fmt/format.h>

#include "intertie/base/json.h"
#include "intertie/base/units.h"
#include "intertie/cli/commands.h"
#include "intertie/data/corpus.h"
#include "intertie/site/output.h"

namespace intertie::cli {

Result<site::ExitCode> shard(env::Disk& disk, const ShardOptions& options) {
  INTERTIE_ASSIGN(const site::RunFile file, load(disk, options.run));
  INTERTIE_ASSIGN(const data::Corpus corpus, data::make_shards(file.data, disk, options.out));
  for (const std::string& note : corpus.notes) print_error(note);
  const std::uint64_t train = corpus.train.size();
  const std::uint64_t validation = corpus.validation.size();
  if (options.run.json) {
    const Json out = Json::object({{"folder", options.out},
                                   {"files", corpus.num_files},
                                   {"train_tokens", train},
                                   {"validation_tokens", validation},
                                   {"vocab_size", corpus.tokenizer.vocabulary_size()},
                                   {"hash", to_string(corpus.hash)}});
    INTERTIE_RETURN_IF_ERROR(site::write_output(out.dump(2) + "\n"));
  } else {
    INTERTIE_RETURN_IF_ERROR(
        site::write_output(fmt::format("{}: {} tokens to train on and {} held out, from {} files; {} kinds of token; hash {}\n",
                                       options.out, count_to_string(train), count_to_string(validation), corpus.num_files,
                                       corpus.tokenizer.vocabulary_size(), to_string(corpus.hash))));
  }
  return site::ExitCode::done;
}

}  // namespace intertie::cli
