#include "intertie/site/sample_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "intertie/checkpoint/checkpoint.h"
#include "intertie/env/real/cores.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/site/folders.h"
#include "intertie/site/launcher.h"
#include "intertie/site/output.h"
#include "intertie/site/run_file.h"
#include "intertie/site/text_notes.h"
#include "intertie/sync/saving.h"
#include "intertie/train/sample.h"

namespace intertie::site {
namespace {

Result<checkpoint::Found> newest_checkpoint(env::Disk& disk, const RunFile& file, const std::string& site) {
  const std::string folder = site_folder(file, site) + "/checkpoints";
  std::vector<checkpoint::Found> found;
  if (disk.exists(folder)) {
    INTERTIE_ASSIGN(found, checkpoint::find(disk, folder));
  }
  if (!found.empty()) return std::move(found.front());
  return Error{.code = ErrorCode::reconfigure,
               .where = folder,
               .what = "holds no checkpoint",
               .fix = fmt::format("train first: intertie train {} --local", file.path),
               .cause = {}};
}

Result<std::vector<std::uint16_t>> tokens_of(const std::string& prompt, const TextNotes& text) {
  if (prompt.empty()) return std::vector<std::uint16_t>{text.begin};
  Result<std::vector<std::uint16_t>> tokens = text.tokenizer.encode(prompt);
  if (tokens) return tokens;
  Error error = tokens.error();
  error.where = "--prompt";
  return error;
}

Result<std::string> draw(const SampleCommand& command, const ModelFactory& make_model) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(const RunFile file, read_run_file(disk, command.run_file, command.overrides));
  const std::string site = command.site.empty() ? file.sites.front().name : command.site;
  INTERTIE_ASSIGN(const checkpoint::Found found, newest_checkpoint(disk, file, site));
  INTERTIE_ASSIGN(const TextNotes text, text_notes_of(found));
  train::ModelSettings settings = file.model;
  if (settings.vocab_size == 0) settings.vocab_size = text.tokenizer.vocabulary_size();
  // As many as trained it: more would wait for each other, all the more where the machine has other things to do.
  const int threads = std::clamp(found.manifest.threads, 1, env::real::available_cores());
  INTERTIE_ASSIGN(const std::unique_ptr<train::LocalStep> model, make_model({.model = settings,
                                                                             .device = file.train.device,
                                                                             .precision = file.train.precision,
                                                                             .threads = threads,
                                                                             .seed = command.seed}));
  INTERTIE_ASSIGN(const checkpoint::SafetensorsFile tensors, checkpoint::open(disk, found));
  INTERTIE_RETURN_IF_ERROR(sync::restore_parameters(tensors, found, *model));
  INTERTIE_ASSIGN(const std::vector<std::uint16_t> begin, tokens_of(command.prompt, text));
  const train::SampleSettings how{.count = command.tokens,
                                  .temperature = command.temperature,
                                  .top_k = command.top_k,
                                  .seed = command.seed,
                                  .vocabulary = text.tokenizer.vocabulary_size()};
  INTERTIE_ASSIGN(const std::vector<std::uint16_t> drawn, train::sample(*model, begin, how));
  INTERTIE_ASSIGN(const std::string written, text.tokenizer.decode(drawn));
  return command.prompt + written;
}

}  // namespace

ExitCode run_sample(const SampleCommand& command, const ModelFactory& make_model) {
  const Result<std::string> text = draw(command, make_model);
  const bool seen = output_is_terminal();
  const Result<void> written = text ? write_output((seen ? printable(*text) : *text) + "\n") : text.error();
  if (written) return ExitCode::done;
  std::fputs((kErrorPrefix + written.error().message() + "\n").c_str(), stderr);
  return exit_code_of(written.error());
}

}  // namespace intertie::site
