// One site's training step - batch, forward, backward, clip, AdamW - for bench/trainer/compare.py, which runs it in turns with
// eager.py. Reads one number of steps per line from standard input; answers with "SECONDS LOSS" of the last step.
//
//   echo 20 | trainer_speed --data tests/data/tinyshakespeare.txt --layers 4 --width 128 --heads 4 --context 64 --batch 12
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "intertie/data/corpus.h"
#include "intertie/data/sampler.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/sync/inner.h"
#include "intertie/train/torch/gpt2.h"

namespace intertie {
namespace {

struct Options {
  std::string data;
  train::Gpt2Options model;
  int batch = 12;
  std::string write;     // folder for the first parameters and batches; empty: none
  int num_batches = 20;  // written
};

Options read_options(int argc, char** argv) {
  Options options;
  train::ModelSettings& model = options.model.model;
  model.bias = false;
  CLI::App app("training steps of one site, for compare.py");
  app.add_option("--data", options.data, "text")->required();
  app.add_option("--layers", model.num_hidden_layers);
  app.add_option("--width", model.hidden_size);
  app.add_option("--heads", model.num_attention_heads);
  app.add_option("--context", model.max_position_embeddings);
  app.add_option("--batch", options.batch, "sequences");
  app.add_option("--threads", options.model.threads);
  app.add_option("--precision", options.model.precision);
  app.add_option("--device", options.model.device);
  app.add_option("--write", options.write, "folder: write the first parameters and batches there");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

Result<void> write_start(env::Disk& disk, const Options& options, train::LocalStep& model, const data::Sampler& sampler) {
  INTERTIE_RETURN_IF_ERROR(disk.make_folders(options.write));
  INTERTIE_RETURN_IF_ERROR(disk.write_atomically(options.write + "/parameters", std::as_bytes(model.parameters())));
  const data::Batch all = sampler.batch(0, options.num_batches * options.batch);
  return disk.write_atomically(options.write + "/batches", std::as_bytes(std::span(all.tokens)));
}

// One line of standard input after the other.
Result<void> serve(const Options& options, train::LocalStep& model, const data::Sampler& sampler) {
  train::Settings settings{.lr = 3e-4};  // small enough that rounding does not grow within the steps compared
  sync::Inner inner(settings, model);
  std::uint64_t step = 0;
  for (int count = 0; std::cin >> count;) {
    double loss = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i, ++step) {
      const data::Batch batch = sampler.batch(step * static_cast<std::uint64_t>(options.batch), options.batch);
      INTERTIE_ASSIGN(const train::StepReport report, model.compute_gradient(batch, 1, {}));
      inner.apply(model.gradient(), settings.lr, step);
      loss = report.loss;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.9f %.9f\n", seconds.count(), loss);
    std::fflush(stdout);
  }
  return {};
}

Result<void> run(Options options) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(const data::Corpus corpus, data::open_corpus({.train = {options.data}, .tokenizer = "characters"}, disk, {}));
  options.model.model.vocab_size = corpus.tokenizer.vocabulary_size();
  INTERTIE_ASSIGN(const std::unique_ptr<train::LocalStep> model, train::make_gpt2(options.model));
  INTERTIE_ASSIGN(const data::Sampler sampler,
                  data::Sampler::make(corpus.train, options.model.model.max_position_embeddings, options.model.seed));
  if (!options.write.empty()) INTERTIE_RETURN_IF_ERROR(write_start(disk, options, *model, sampler));
  std::printf("%s\n", model->description().c_str());
  std::fflush(stdout);
  return serve(options, *model, sampler);
}

}  // namespace
}  // namespace intertie

int main(int argc, char** argv) {
  const intertie::Result<void> result = intertie::run(intertie::read_options(argc, argv));
  if (result) return 0;
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  return 1;
}
