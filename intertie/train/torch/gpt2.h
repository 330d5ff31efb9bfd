// GPT-2 on LibTorch, behind LocalStep. Used by intertie-trainer and the trainer's benches; this header does not see torch.
//
// Forward and backward are written out operation by operation (gpt2_passes.h) instead of recorded by autograd: gradients are
// written straight into the flat gradient, in the order in which they are reported, and nothing is zeroed or copied on a CPU.
// device = "cpu": every parameter tensor is a view of parameters(). device = "cuda": parameters live on the device,
// parameters_changed() copies the host's over, gradients are copied to the host before they are reported; the optimiser runs on
// the host. The same calls with the same thread count give the same bits on a CPU.
// One model per process: torch's thread count and the random state of dropout are the process's.
#pragma once

#include <cstdint>
#include <memory>

#include "intertie/base/ids.h"
#include "intertie/base/result.h"
#include "intertie/train/local_step.h"
#include "intertie/train/settings.h"

namespace intertie::train {

struct Gpt2Options {
  ModelSettings model;  // vocab_size set
  std::string device = "cpu";
  std::string precision = "f32";  // f32 | bf16: matrices and attention in bf16, everything else in f32
  int threads = 1;
  std::uint64_t seed = 1;  // of the first parameters, and, with `site`, of dropout
  SiteId site = {};        // sites drop different activations; what they start from is the same
};

// Errors: a model that cannot be (gpt2_layout), an unknown precision or device, no CUDA device, not enough memory.
Result<std::unique_ptr<LocalStep>> make_gpt2(const Gpt2Options& options);

}  // namespace intertie::train
