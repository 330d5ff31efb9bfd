#include "intertie/train/toy.h"

#include <vector>

#include "intertie/base/hash.h"
#include "intertie/env/random.h"
#include "intertie/train/flat_buffer.h"

namespace intertie::train {
namespace {

constexpr float kUnit = 1.0F / 256;  // every optimum, first value and deviation is a whole number of these
constexpr std::int64_t kLargestValue = 256;
constexpr std::int64_t kLargestDeviation = 8;

// A whole number in [-limit, limit], by (key, index).
std::int64_t draw(std::uint64_t key, std::uint64_t index, std::int64_t limit) {
  return static_cast<std::int64_t>(env::Random(env::mix(key + index)).below(static_cast<std::uint64_t>(2 * limit + 1))) - limit;
}

// Two matrices and their biases; the last one takes what is left. Small totals leave some of them out.
Layout make_layout(std::uint64_t elements) {
  Layout layout{.tensors = {}, .num_elements = elements};
  std::uint64_t first = 0;
  const auto add = [&](const char* name, std::uint64_t size, bool decay) {
    if (size == 0) return;
    layout.tensors.push_back({name, {static_cast<std::int64_t>(size)}, {first, first + size}, decay});
    first += size;
  };
  add("toy.0.weight", elements / 2, true);
  add("toy.0.bias", elements / 16, false);
  add("toy.1.weight", elements / 4, true);
  add("toy.1.bias", elements - first, false);
  return layout;
}

class Toy final : public LocalStep {
 public:
  Toy(std::uint64_t elements, std::uint64_t seed)
      : layout_(make_layout(elements)), parameters_(elements), gradient_(elements), optimum_(elements) {
    const env::Random random(seed);
    for (std::uint64_t i = 0; i < elements; ++i) {
      optimum_[i] = static_cast<float>(draw(random.fork(0).state(), i, kLargestValue)) * kUnit;
      parameters_.span()[i] = static_cast<float>(draw(random.fork(1).state(), i, kLargestValue)) * kUnit;
    }
  }

  const Layout& layout() const override { return layout_; }
  std::span<float> parameters() override { return parameters_.span(); }
  std::span<float> gradient() override { return gradient_.span(); }

  Result<StepReport> compute_gradient(const data::Batch& batch, int micro_batches, const GradientReady& ready) override {
    INTERTIE_CHECK_EQ(batch.sequences % micro_batches, 0);
    const std::vector<std::uint64_t> keys = sequence_keys(batch);
    const float unit_over_sequences = kUnit / static_cast<float>(batch.sequences);
    double squares = 0;
    // From the end, each tensor in two pieces, as a backward pass would report.
    for (auto slot = layout_.tensors.rbegin(); slot != layout_.tensors.rend(); ++slot) {
      const std::uint64_t middle = slot->range.first + slot->range.size() / 2;
      for (const ElementRange piece : {ElementRange{middle, slot->range.last}, ElementRange{slot->range.first, middle}}) {
        if (piece.size() == 0) continue;
        squares += fill_gradient(piece, keys, unit_over_sequences);
        if (ready) ready(piece);
      }
    }
    return StepReport{.loss = squares / 2 / static_cast<double>(layout_.num_elements),
                      .tokens = static_cast<std::uint64_t>(batch.sequences) * static_cast<std::uint64_t>(batch.length)};
  }

  Result<double> evaluate(const data::Batch&) override {
    double squares = 0;
    for (std::size_t i = 0; i < optimum_.size(); ++i) {
      const double distance = static_cast<double>(parameters_.span()[i]) - static_cast<double>(optimum_[i]);
      squares += distance * distance;
    }
    return squares / 2 / static_cast<double>(layout_.num_elements);
  }

  std::vector<std::byte> state() const override { return {}; }
  Result<void> restore(std::span<const std::byte> state) override {
    if (state.empty()) return {};
    return Error{ErrorCode::reconfigure, "toy problem", "the checkpoint holds training state of another model", {}, nullptr};
  }

  std::string description() const override {
    return "toy problem, " + std::to_string(layout_.num_elements) + " elements, a quadratic";
  }

 private:
  static std::vector<std::uint64_t> sequence_keys(const data::Batch& batch) {
    const std::size_t row = static_cast<std::size_t>(batch.length) + 1;
    std::vector<std::uint64_t> keys;
    for (std::size_t s = 0; s < static_cast<std::size_t>(batch.sequences); ++s) {
      keys.push_back(hash_bytes(std::as_bytes(std::span(batch.tokens).subspan(s * row, row))).value);
    }
    return keys;
  }

  // Returns the sum of the squares of what it wrote.
  double fill_gradient(ElementRange piece, const std::vector<std::uint64_t>& keys, float unit_over_sequences) {
    double squares = 0;
    for (std::uint64_t i = piece.first; i < piece.last; ++i) {
      std::int64_t deviation = 0;
      for (const std::uint64_t key : keys) deviation += draw(key, i, kLargestDeviation);
      const float target = optimum_[i] + static_cast<float>(deviation) * unit_over_sequences;
      const float gradient = parameters_.span()[i] - target;
      gradient_.span()[i] = gradient;
      squares += static_cast<double>(gradient) * static_cast<double>(gradient);
    }
    return squares;
  }

  Layout layout_;
  FlatBuffer parameters_;
  FlatBuffer gradient_;
  std::vector<float> optimum_;
};

}  // namespace

std::unique_ptr<LocalStep> make_toy(const ModelSettings& settings, std::uint64_t seed) {
  return std::make_unique<Toy>(settings.toy_elements, seed);
}

}  // namespace intertie::train
