// LocalStep: what a site trains, seen from outside. The only way from `sync` to a model; torch-free. Implementations: the
// toy problem (toy.h) and LibTorch models (train/torch). It computes gradients; the inner optimiser is ours and is applied by
// sync to the flat spans below.
// Owner thread: all calls on the site's worker thread, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/block.h"
#include "intertie/base/result.h"
#include "intertie/data/batch.h"

namespace intertie::train {

// One named tensor within the flat parameters, in canonical order: `range` follows the previous tensor's without a gap.
struct TensorSlot {
  std::string name;  // "transformer.h.0.attn.c_attn.weight" (GPT-2's published names)
  std::vector<std::int64_t> shape;
  ElementRange range;
  bool decay = false;  // weight decay applies (matrices and embeddings, not biases and norms)
};

struct Layout {
  std::vector<TensorSlot> tensors;
  std::uint64_t num_elements = 0;
};

struct StepReport {
  double loss = 0;           // mean over the batch's tokens, nats per token
  std::uint64_t tokens = 0;  // predicted tokens
};

class LocalStep {
 public:
  virtual ~LocalStep() = default;

  virtual const Layout& layout() const = 0;

  // All parameters, flat, f32, 64-byte aligned, in host memory. Whoever writes to them calls parameters_changed().
  virtual std::span<float> parameters() = 0;
  virtual void parameters_changed() {}
  // The gradient of the last compute_gradient, same layout. Mean over the batch's tokens.
  virtual std::span<float> gradient() = 0;

  // Told while backward still runs: elements [range.first, end of the last report) of gradient() are final. Reports go from
  // the end of the flat gradient to its start and together cover all of it.
  using GradientReady = std::function<void(ElementRange)>;

  // Forward and backward over `batch` in `micro_batches` equal parts (gradient accumulation; the number of sequences is
  // divisible by it). Overwrites gradient(). Errors: give_up (a kernel failed, out of memory).
  virtual Result<StepReport> compute_gradient(const data::Batch& batch, int micro_batches, const GradientReady& ready) = 0;

  // Mean loss over the batch, nothing changed (dropout off).
  virtual Result<double> evaluate(const data::Batch& batch) = 0;

  // Logits of the token after `context` (of which as much is used as the model sees), one for each token of the vocabulary.
  virtual Result<std::vector<float>> next_logits(std::span<const std::uint16_t> /*context*/) {
    return Error{ErrorCode::reconfigure, "sample", "this model does not write text", "use kind = \"gpt2\"", nullptr};
  }

  // State beside the parameters that the next step depends on (the random state of dropout), for checkpoints.
  virtual std::vector<std::byte> state() const = 0;
  virtual Result<void> restore(std::span<const std::byte> state) = 0;

  // For the log: "GPT-2 4 layers, 0.8 M parameters, cpu, f32, 1 thread".
  virtual std::string description() const = 0;
};

}  // namespace intertie::train
