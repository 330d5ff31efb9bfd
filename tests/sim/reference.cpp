#include "tests/sim/reference.h"

#include "intertie/train/toy.h"

namespace intertie::tests {
namespace {

using Vector = std::vector<float>;

struct Model {
  explicit Model(const ToyOptions& options)
      : toy(train::make_toy({.kind = "toy", .toy_elements = options.elements}, options.seed)),
        all_samples(static_cast<std::uint64_t>(0)) {
    for (const int size : options.batch_sizes) all_samples += static_cast<std::uint64_t>(size);
  }
  std::unique_ptr<train::LocalStep> toy;
  std::uint64_t all_samples;
};

// The gradient of site `site` in step `step` at `parameters`.
Vector gradient(Model& model, const ToyOptions& options, const data::Sampler& sampler, const Vector& parameters,
                std::size_t site, std::uint64_t step) {
  std::uint64_t first = step * model.all_samples;
  for (std::size_t i = 0; i < site; ++i) first += static_cast<std::uint64_t>(options.batch_sizes[i]);
  std::copy(parameters.begin(), parameters.end(), model.toy->parameters().begin());
  model.toy->parameters_changed();
  const auto report = model.toy->compute_gradient(sampler.batch(first, options.batch_sizes[site]), 1, {});
  INTERTIE_CHECK(report);
  return {model.toy->gradient().begin(), model.toy->gradient().end()};
}

// Sum of weight times contribution in site order, each product and sum rounded to f32.
Vector weighted_sum(const ToyOptions& options, const std::vector<Vector>& contributions) {
  double all = 0;
  for (const int size : options.batch_sizes) all += size;
  Vector sum(contributions[0].size());
  for (std::size_t site = 0; site < contributions.size(); ++site) {
    const auto weight = static_cast<float>(options.batch_sizes[site] / all);
    for (std::size_t k = 0; k < sum.size(); ++k) {
      const float product = weight * contributions[site][k];
      sum[k] = site == 0 ? product : sum[k] + product;
    }
  }
  return sum;
}

void sgd(Vector& parameters, const Vector& gradient, float lr) {
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const float step = lr * gradient[k];
    parameters[k] = parameters[k] - step;
  }
}

void outer_step(const ToyOptions& options, Vector& anchor, Vector& momentum, const Vector& sum) {
  const auto lr = static_cast<float>(options.sync.outer_lr);
  const auto mu = static_cast<float>(options.sync.outer_momentum);
  if (options.sync.outer == "sgd") return sgd(anchor, sum, lr);
  for (std::size_t k = 0; k < anchor.size(); ++k) {
    const float decayed = mu * momentum[k];
    momentum[k] = decayed + sum[k];
    const float ahead = mu * momentum[k];
    const float both = sum[k] + ahead;
    const float step = lr * both;
    anchor[k] = anchor[k] - step;
  }
}

}  // namespace

std::vector<std::vector<float>> reference_run(const ToyOptions& options) {
  Model model(options);
  std::vector<std::uint16_t> tokens;
  env::Random random(options.seed ^ 99);
  for (int i = 0; i < 20000; ++i) tokens.push_back(static_cast<std::uint16_t>(random.below(256)));
  const data::Sampler sampler =
      *data::Sampler::make(std::span<const std::uint16_t>(tokens), options.sequence_length, options.seed);
  const auto lr = static_cast<float>(options.train.lr);
  const bool synchronous = options.sync.method == sync::Method::synchronous;
  const std::uint64_t every = synchronous ? 1 : static_cast<std::uint64_t>(options.sync.every);

  Vector anchor(model.toy->parameters().begin(), model.toy->parameters().end());
  Vector momentum(anchor.size());
  std::vector<Vector> versions = {anchor};
  for (std::uint64_t first = 0; first < options.train.tokens.count; first += every) {
    const std::uint64_t last = std::min(options.train.tokens.count, first + every);
    std::vector<Vector> contributions;
    for (std::size_t site = 0; site < options.batch_sizes.size(); ++site) {
      if (synchronous) {
        contributions.push_back(gradient(model, options, sampler, anchor, site, first));
        continue;
      }
      Vector local = anchor;
      for (std::uint64_t step = first; step < last; ++step)
        sgd(local, gradient(model, options, sampler, local, site, step), lr);
      Vector difference(anchor.size());
      for (std::size_t k = 0; k < anchor.size(); ++k) difference[k] = anchor[k] - local[k];
      contributions.push_back(std::move(difference));
    }
    const Vector sum = weighted_sum(options, contributions);
    synchronous ? sgd(anchor, sum, lr) : outer_step(options, anchor, momentum, sum);
    versions.push_back(anchor);
  }
  return versions;
}

}  // namespace intertie::tests
