#include "tests/sim/reference.h"

#include "intertie/codec/codec.h"
#include "intertie/train/toy.h"

namespace intertie::tests {
namespace {

using Vector = std::vector<float>;

// Sum of weight times contribution in site order, each product and sum rounded to f32.
Vector weighted_sum(const std::vector<double>& sizes, const std::vector<Vector>& contributions) {
  double all = 0;
  for (const double size : sizes) all += size;
  Vector sum(contributions[0].size());
  for (std::size_t i = 0; i < contributions.size(); ++i) {
    const auto weight = static_cast<float>(sizes[i] / all);
    for (std::size_t k = 0; k < sum.size(); ++k) {
      const float product = weight * contributions[i][k];
      sum[k] = i == 0 ? product : sum[k] + product;
    }
  }
  return sum;
}

// What the others get of it.
Vector through(Encoding encoding, const Vector& values) {
  std::vector<std::byte> bytes(codec::encoded_size(encoding, values.size()));
  Vector decoded(values.size());
  codec::reference::encode(encoding, values, bytes);
  codec::reference::decode(encoding, bytes, decoded);
  return decoded;
}

bool gathers(const sync::Settings& settings, std::size_t num_members) {
  return settings.reduction == "gather" || (settings.reduction == "auto" && num_members <= 2);
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

struct Reference::Model {
  explicit Model(const ToyOptions& options)
      : toy(train::make_toy({.kind = "toy", .toy_elements = options.elements}, options.seed)),
        initial(toy->parameters().begin(), toy->parameters().end()) {
    env::Random random(options.seed ^ 99);
    for (int i = 0; i < 20000; ++i) tokens.push_back(static_cast<std::uint16_t>(random.below(256)));
    sampler = *data::Sampler::make(std::span<const std::uint16_t>(tokens), options.sequence_length, options.seed);
  }
  // Of `count` samples from `first` on, at `parameters`.
  Vector gradient(const Vector& parameters, std::uint64_t first, int count) const {
    std::copy(parameters.begin(), parameters.end(), toy->parameters().begin());
    toy->parameters_changed();
    INTERTIE_CHECK(toy->compute_gradient(sampler->batch(first, count), 1, {}));
    return {toy->gradient().begin(), toy->gradient().end()};
  }
  std::unique_ptr<train::LocalStep> toy;
  Vector initial;
  std::vector<std::uint16_t> tokens;
  std::optional<data::Sampler> sampler;
};

Reference::Reference(const ToyOptions& options) : options_(options), model_(std::make_unique<Model>(options)) {}
Reference::~Reference() = default;

ReferenceState Reference::initial() const { return {model_->initial, Vector(model_->initial.size()), 0, 0}; }

namespace {

std::uint64_t samples_of(const ToyOptions& options, const std::vector<SiteId>& sites) {
  std::uint64_t samples = 0;
  for (const SiteId site : sites) samples += static_cast<std::uint64_t>(options.batch_sizes[site.value]);
  return samples;
}

// The run ends when so many sequences are counted.
std::uint64_t wanted(const ToyOptions& options) {
  std::uint64_t samples = 0;
  for (const int size : options.batch_sizes) samples += static_cast<std::uint64_t>(size);
  return samples * options.train.tokens.count;
}

}  // namespace

bool Reference::complete(const ReferenceState& state) const { return state.tokens >= wanted(options_); }

ReferenceState Reference::next(const ReferenceState& state, const std::vector<SiteId>& members,
                               const std::vector<SiteId>& set) const {
  const auto lr = static_cast<float>(options_.train.lr);
  const bool synchronous = options_.sync.method == sync::Method::synchronous;
  const std::uint64_t per_step = samples_of(options_, members);
  const std::uint64_t every = synchronous ? 1 : static_cast<std::uint64_t>(options_.sync.every);
  const std::uint64_t steps = std::min(every, (wanted(options_) - state.tokens + per_step - 1) / per_step);
  std::vector<Vector> contributions;
  std::vector<double> sizes;
  std::uint64_t before = 0;
  for (const SiteId site : members) {
    const int size = options_.batch_sizes[site.value];
    const std::uint64_t first = state.next_sample + before;
    before += static_cast<std::uint64_t>(size);
    if (std::find(set.begin(), set.end(), site) == set.end()) continue;
    sizes.push_back(size);
    if (synchronous) {
      contributions.push_back(through(options_.sync.encoding, model_->gradient(state.anchor, first, size)));
      continue;
    }
    Vector local = state.anchor;
    for (std::uint64_t step = 0; step < steps; ++step) sgd(local, model_->gradient(local, first + step * per_step, size), lr);
    Vector difference(local.size());
    for (std::size_t k = 0; k < local.size(); ++k) difference[k] = state.anchor[k] - local[k];
    contributions.push_back(through(options_.sync.encoding, difference));
  }
  ReferenceState after = state;
  Vector sum = weighted_sum(sizes, contributions);
  if (!gathers(options_.sync, members.size())) sum = through(options_.sync.result_encoding, sum);
  synchronous ? sgd(after.anchor, sum, lr) : outer_step(options_, after.anchor, after.momentum, sum);
  after.next_sample += steps * per_step;
  after.tokens += steps * samples_of(options_, set);
  return after;
}

std::vector<std::vector<float>> reference_run(const ToyOptions& options) {
  const Reference reference(options);
  std::vector<SiteId> all;
  for (std::uint16_t i = 0; i < options.batch_sizes.size(); ++i) all.push_back(SiteId{i});
  ReferenceState state = reference.initial();
  std::vector<std::vector<float>> versions = {state.anchor};
  while (!reference.complete(state)) {
    state = reference.next(state, all, all);
    versions.push_back(state.anchor);
  }
  return versions;
}

}  // namespace intertie::tests
