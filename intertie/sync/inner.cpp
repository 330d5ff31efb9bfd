#include "intertie/sync/inner.h"

#include <cmath>

#include "intertie/base/reduction.h"
#include "intertie/outer/optimiser.h"

namespace intertie::sync {

Inner::Inner(const train::Settings& settings, train::LocalStep& model) : settings_(settings), model_(model) {
  for (const train::TensorSlot& tensor : model.layout().tensors) {
    if (!stretches_.empty() && stretches_.back().decay == tensor.decay) {
      stretches_.back().range.last = tensor.range.last;
    } else {
      stretches_.push_back({tensor.range, tensor.decay});
    }
  }
  if (settings_.optimizer == "adamw") {
    first_.assign(model.layout().num_elements, 0.0F);
    second_.assign(model.layout().num_elements, 0.0F);
  }
}

double Inner::apply(std::span<const float> gradient, double learning_rate, std::uint64_t step) {
  const double sum = sum_of_squares(gradient);
  const float factor = outer::clip_factor(sum, settings_.clip);
  const std::span<float> parameters = model_.parameters();
  if (settings_.optimizer == "sgd") {
    outer::sgd_step(parameters, gradient, static_cast<float>(learning_rate) * factor);
    model_.parameters_changed();
    return std::sqrt(sum);
  }
  outer::AdamW adamw{.lr = learning_rate,
                     .beta1 = settings_.beta1,
                     .beta2 = settings_.beta2,
                     .epsilon = settings_.epsilon,
                     .gradient_scale = factor};
  adamw = outer::adamw_at(adamw, step + 1);
  for (const Stretch& stretch : stretches_) {
    adamw.weight_decay = stretch.decay ? settings_.weight_decay : 0.0;
    const auto part = [&stretch](auto all) { return all.subspan(stretch.range.first, stretch.range.size()); };
    outer::adamw_step(part(parameters), part(std::span(first_)), part(std::span(second_)), part(gradient), adamw);
  }
  model_.parameters_changed();
  return std::sqrt(sum);
}

}  // namespace intertie::sync
