#include "intertie/train/torch/gpt2.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include <cstdio>
#include <cstring>

#include "intertie/env/random.h"
#include "intertie/train/flat_buffer.h"
#include "intertie/train/gpt2_layout.h"
#include "intertie/train/torch/gpt2_passes.h"
#include "intertie/train/torch/gpt2_weights.h"

namespace intertie::train {
namespace {

Error bad_setting(std::string where, std::string what, std::string fix) {
  return Error{ErrorCode::reconfigure, std::move(where), std::move(what), std::move(fix), nullptr};
}

// The one boundary that torch's exceptions do not cross: `body` returns a Result.
template <class Body>
auto guarded(const char* operation, const Body& body) -> decltype(body()) {
  const auto failure = [&](std::string what) {
    what.erase(std::min(what.find('\n'), what.size()));  // the rest is a stack trace
    return Error{ErrorCode::give_up, operation, std::move(what), "a smaller batch or model needs less memory", nullptr};
  };
  try {
    return body();
  } catch (const c10::Error& error) {
    return failure(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return failure(error.what());
  }
}

at::Tensor view_of(std::span<float> memory) {
  return at::from_blob(memory.data(), {static_cast<std::int64_t>(memory.size())}, at::kFloat);
}

class Gpt2 final : public LocalStep {
 public:
  Gpt2(const Gpt2Options& options, Layout layout)
      : options_(options),
        layout_(std::move(layout)),
        device_(options.device == "cuda" ? at::kCUDA : at::kCPU),
        compute_type_(options.precision == "bf16" ? at::kBFloat16 : at::kFloat),
        host_parameters_(layout_.num_elements),
        host_gradient_(layout_.num_elements),
        parameters_(on_device(host_parameters_)),
        gradient_(on_device(host_gradient_)),
        compute_parameters_(compute_type_ == at::kFloat
                                ? parameters_
                                : at::empty_like(parameters_, parameters_.options().dtype(compute_type_))),
        exact_(view_weights(parameters_, layout_)),
        compute_(view_weights(compute_parameters_, layout_)),
        gradient_views_(view_weights(gradient_, layout_)),
        passes_(options_.model, exact_, compute_) {
    gpt2_initialise(layout_, options_.model, options_.seed, host_parameters_.span());
    parameters_changed();
    generator().set_current_seed(env::Random(options_.seed).fork(0x64726f70).fork(options_.site.value).next());
  }

  const Layout& layout() const override { return layout_; }
  std::span<float> parameters() override { return host_parameters_.span(); }
  std::span<float> gradient() override { return host_gradient_.span(); }

  void parameters_changed() override { changed_ = true; }

  Result<StepReport> compute_gradient(const data::Batch& batch, int micro_batches, const GradientReady& ready) override {
    INTERTIE_CHECK_EQ(batch.sequences % micro_batches, 0);
    return guarded("training step", [&]() -> Result<StepReport> {
      INTERTIE_RETURN_IF_ERROR(prepare(batch));
      double loss = 0;
      const int sequences = batch.sequences / micro_batches;
      std::uint64_t reported = layout_.num_elements;
      for (int part = 0; part < micro_batches; ++part) {
        const bool last = part + 1 == micro_batches;
        const TokenBatch tokens = on_device(batch, part * sequences, sequences);
        at::Tensor logits = passes_.forward(tokens, /*training=*/true);
        loss += cross_entropy_with_gradient(logits, tokens.targets, micro_batches);
        passes_.backward(logits.to(compute_type_), {.into = gradient_views_, .accumulate = part > 0},
                         [&](const at::Tensor& first) {
                           if (last) reported = report(first, reported, ready);
                         });
      }
      return StepReport{.loss = loss / micro_batches,
                        .tokens = static_cast<std::uint64_t>(batch.sequences) * static_cast<std::uint64_t>(batch.length)};
    });
  }

  Result<double> evaluate(const data::Batch& batch) override {
    return guarded("evaluation", [&]() -> Result<double> {
      INTERTIE_RETURN_IF_ERROR(prepare(batch));
      const TokenBatch tokens = on_device(batch, 0, batch.sequences);
      at::Tensor logits = passes_.forward(tokens, /*training=*/false);
      return cross_entropy(logits, tokens.targets);
    });
  }

  Result<std::vector<float>> next_logits(std::span<const std::uint16_t> context) override {
    return guarded("sampling", [&]() -> Result<std::vector<float>> {
      const std::size_t seen = std::min(context.size(), static_cast<std::size_t>(options_.model.max_position_embeddings));
      data::Batch batch{.sequences = 1, .length = static_cast<int>(seen), .tokens = {}};
      batch.tokens.assign(context.end() - static_cast<std::ptrdiff_t>(seen), context.end());
      batch.tokens.push_back(batch.tokens.back());  // a target that nothing reads
      INTERTIE_RETURN_IF_ERROR(prepare(batch));
      const at::Tensor logits = passes_.forward(on_device(batch, 0, 1), /*training=*/false);
      const at::Tensor last = logits[-1].cpu().contiguous();
      return std::vector<float>(last.const_data_ptr<float>(), last.const_data_ptr<float>() + last.numel());
    });
  }

  std::vector<std::byte> state() const override {
    const at::Tensor state = generator().get_state();
    const auto* first = static_cast<const std::byte*>(state.const_data_ptr());
    return {first, first + state.nbytes()};
  }

  Result<void> restore(std::span<const std::byte> state) override {
    return guarded("restoring the random state", [&]() -> Result<void> {
      const at::Tensor now = generator().get_state();
      if (state.size() != now.nbytes()) {
        return bad_setting("restoring the random state",
                           "the checkpoint holds " + std::to_string(state.size()) + " bytes, this device needs " +
                               std::to_string(now.nbytes()),
                           "resume on the kind of device that wrote the checkpoint");
      }
      std::memcpy(now.mutable_data_ptr(), state.data(), state.size());
      generator().set_state(now);
      return {};
    });
  }

  std::string description() const override {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "GPT-2 %d layers, %.1f M parameters, %s, %s, %d thread%s",
                  options_.model.num_hidden_layers, static_cast<double>(layout_.num_elements) / 1e6, options_.device.c_str(),
                  options_.precision.c_str(), options_.threads, options_.threads == 1 ? "" : "s");
    return text.data();
  }

 private:
  at::Tensor on_device(FlatBuffer& host) const {
    const at::Tensor view = view_of(host.span());
    return device_ == at::kCPU ? view : at::empty_like(view, view.options().device(device_));
  }

  // Rows [first, first + sequences) of the batch.
  TokenBatch on_device(const data::Batch& batch, int first, int sequences) const {
    const std::int64_t length = batch.length;
    const at::Tensor inputs = at::empty({sequences * length}, at::kLong);
    const at::Tensor targets = at::empty({sequences * length}, at::kLong);
    auto* input = inputs.mutable_data_ptr<std::int64_t>();
    auto* target = targets.mutable_data_ptr<std::int64_t>();
    for (std::int64_t row = 0; row < sequences; ++row) {
      const std::uint16_t* tokens = batch.tokens.data() + (first + row) * (length + 1);
      for (std::int64_t i = 0; i < length; ++i) {
        *input++ = tokens[i];
        *target++ = tokens[i + 1];
      }
    }
    return {.inputs = inputs.to(device_), .targets = targets.to(device_), .sequences = sequences, .length = length};
  }

  // Checks the batch, and brings the parameters to where and what they are computed with.
  Result<void> prepare(const data::Batch& batch) {
    if (batch.length > options_.model.max_position_embeddings) {
      return bad_setting("train.sequence_length",
                         std::to_string(batch.length) + " is more than the model's max_position_embeddings of " +
                             std::to_string(options_.model.max_position_embeddings),
                         "make one of them fit");
    }
    const auto largest = std::ranges::max_element(batch.tokens);
    if (largest != batch.tokens.end() && *largest >= options_.model.vocab_size) {
      return bad_setting("data",
                         "token " + std::to_string(*largest) + " is outside the model's vocabulary of " +
                             std::to_string(options_.model.vocab_size),
                         "set vocab_size to the tokenizer's");
    }
    if (!changed_) return {};
    const at::NoGradGuard no_grad;
    if (device_ != at::kCPU) parameters_.copy_(view_of(host_parameters_.span()));
    if (compute_type_ != at::kFloat) compute_parameters_.copy_(parameters_);
    changed_ = false;
    return {};
  }

  // Reports [offset of `first`, end); returns that offset.
  std::uint64_t report(const at::Tensor& first, std::uint64_t end, const GradientReady& ready) {
    const auto offset = static_cast<std::uint64_t>(first.storage_offset());
    if (device_ != at::kCPU) {
      const auto start = static_cast<std::int64_t>(offset);
      const auto size = static_cast<std::int64_t>(end - offset);
      view_of(host_gradient_.span()).narrow(0, start, size).copy_(gradient_.narrow(0, start, size));
    }
    if (ready) ready({offset, end});
    return offset;
  }

  at::Generator generator() const { return at::globalContext().defaultGenerator(device_); }

  Gpt2Options options_;
  Layout layout_;
  at::Device device_;
  at::ScalarType compute_type_;
  FlatBuffer host_parameters_;
  FlatBuffer host_gradient_;
  at::Tensor parameters_;          // on a CPU: a view of the host's
  at::Tensor gradient_;            // likewise
  at::Tensor compute_parameters_;  // parameters_, or a bf16 copy of them
  Gpt2Weights exact_;
  Gpt2Weights compute_;
  Gpt2Weights gradient_views_;
  Gpt2Passes passes_;
  bool changed_ = true;
};

Result<void> prepare_process(const Gpt2Options& options) {
  if (options.precision != "f32" && options.precision != "bf16") {
    return bad_setting("train.precision", "unknown precision \"" + options.precision + "\"", "use f32 or bf16");
  }
  if (options.device != "cpu" && options.device != "cuda") {
    return bad_setting("train.device", "unknown device \"" + options.device + "\"", "use cpu or cuda");
  }
  if (options.device == "cuda" && !at::globalContext().hasCUDA()) {
    return bad_setting("train.device", "device = \"cuda\", but torch finds no CUDA device",
                       "use device = \"cpu\", or the CUDA wheel of torch on a machine with a GPU and its driver");
  }
  at::set_num_threads(options.threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
  at::globalContext().setFlushDenormal(false);
  return {};
}

}  // namespace

Result<std::unique_ptr<LocalStep>> make_gpt2(const Gpt2Options& options) {
  INTERTIE_ASSIGN(Layout layout, gpt2_layout(options.model));
  return guarded("making the model", [&]() -> Result<std::unique_ptr<LocalStep>> {
    INTERTIE_RETURN_IF_ERROR(prepare_process(options));
    return std::unique_ptr<LocalStep>(std::make_unique<Gpt2>(options, std::move(layout)));
  });
}

}  // namespace intertie::train
