#include "intertie/train/evaluate.h"

namespace intertie::train {

Result<double> evaluate(LocalStep& model, const data::EvaluationWindows& windows) {
  double sum = 0;
  double sequences = 0;
  for (std::uint64_t i = 0; i < windows.num_batches(); ++i) {
    const data::Batch batch = windows.batch(i);
    INTERTIE_ASSIGN(const double loss, model.evaluate(batch));
    sum += loss * batch.sequences;
    sequences += batch.sequences;
  }
  return sum / sequences;
}

}  // namespace intertie::train
