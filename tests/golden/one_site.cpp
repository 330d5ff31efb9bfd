// Golden case: nanoGPT's character Shakespeare on a CPU (its README: 4 layers, width 128, context 64, batch 12, 2,000 steps,
// dropout 0: validation loss 1.88), by one site without any merge. Prints the validation loss, from 20 batches and from the
// whole split, and fails if the first is not where --expect and --within say.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>

#include "intertie/data/corpus.h"
#include "intertie/data/evaluation.h"
#include "intertie/data/sampler.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/sync/inner.h"
#include "intertie/train/evaluate.h"
#include "intertie/train/learning_rate.h"
#include "intertie/train/torch/gpt2.h"

namespace intertie {
namespace {

struct Options {
  std::string data;
  std::uint64_t steps = 2000;
  std::uint64_t seed = 1;
  int threads = 1;
  double expect = 1.88;
  double within = 0.05;
};

// What nanoGPT's command line for CPUs says; the cosine ends at step 2,000 however many steps are run.
train::Settings golden_settings(std::uint64_t steps) {
  train::Settings settings;
  settings.tokens = {.count = steps, .steps = true};
  settings.decay = {.count = 2000, .steps = true};
  return settings;
}

struct Losses {
  double twenty_batches = 0;
  double whole_split = 0;
};

Result<Losses> evaluate(train::LocalStep& model, const data::Corpus& corpus, int length, int batch) {
  INTERTIE_ASSIGN(const auto drawn, data::EvaluationWindows::make(corpus.validation, length, batch, 20, 1));
  INTERTIE_ASSIGN(const auto whole, data::EvaluationWindows::make(corpus.validation, length, batch, 0, 1));
  Losses losses;
  INTERTIE_ASSIGN(losses.twenty_batches, train::evaluate(model, drawn));
  INTERTIE_ASSIGN(losses.whole_split, train::evaluate(model, whole));
  return losses;
}

Result<void> train_steps(const Options& options, train::LocalStep& model, const data::Sampler& sampler, int length) {
  const train::Settings settings = golden_settings(options.steps);
  const auto batch_size = static_cast<std::uint64_t>(settings.local_batch_size);
  const std::uint64_t tokens_per_step = batch_size * static_cast<std::uint64_t>(length);
  sync::Inner inner(settings, model);
  for (std::uint64_t step = 0; step < options.steps; ++step) {
    const data::Batch batch = sampler.batch(step * batch_size, settings.local_batch_size);
    INTERTIE_RETURN_IF_ERROR(model.compute_gradient(batch, 1, {}));
    inner.apply(model.gradient(), train::learning_rate(settings, step * tokens_per_step, tokens_per_step), step);
  }
  return {};
}

Result<Losses> run(const Options& options) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(const data::Corpus corpus, data::open_corpus({.train = {options.data}, .tokenizer = "characters"}, disk, {}));
  train::Gpt2Options gpt2{.model = {}, .threads = options.threads, .seed = options.seed};
  gpt2.model.bias = false;
  gpt2.model.vocab_size = corpus.tokenizer.vocabulary_size();
  const int length = gpt2.model.max_position_embeddings;
  INTERTIE_ASSIGN(const std::unique_ptr<train::LocalStep> model, train::make_gpt2(gpt2));
  INTERTIE_ASSIGN(const data::Sampler sampler, data::Sampler::make(corpus.train, length, options.seed));
  std::printf("%s\n", model->description().c_str());
  const auto start = std::chrono::steady_clock::now();
  INTERTIE_RETURN_IF_ERROR(train_steps(options, *model, sampler, length));
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  std::printf("%.1f ms a step\n", spent.count() / static_cast<double>(options.steps));
  return evaluate(*model, corpus, length, golden_settings(0).local_batch_size);
}

}  // namespace
}  // namespace intertie

int main(int argc, char** argv) {
  intertie::Options options;
  CLI::App app("golden case: nanoGPT's character Shakespeare, one site");
  app.add_option("--data", options.data, "tinyshakespeare.txt")->required();
  app.add_option("--steps", options.steps);
  app.add_option("--seed", options.seed);
  app.add_option("--threads", options.threads);
  app.add_option("--expect", options.expect, "validation loss from 20 batches");
  app.add_option("--within", options.within);
  CLI11_PARSE(app, argc, argv);
  const auto losses = intertie::run(options);
  if (!losses) {
    std::fprintf(stderr, "%s\n", losses.error().message().c_str());
    return 1;
  }
  std::printf("seed %llu, step %llu: validation loss %.4f from 20 batches, %.4f on the whole split (expected %.2f +-%.2f)\n",
              static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(options.steps),
              losses->twenty_batches, losses->whole_split, options.expect, options.within);
  return std::abs(losses->twenty_batches - options.expect) <= options.within ? 0 : 1;
}
