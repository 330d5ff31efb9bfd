// Mean loss over evaluation windows, each predicted token counted once. On the worker thread of the LocalStep.
#pragma once

#include "intertie/base/result.h"
#include "intertie/data/evaluation.h"
#include "intertie/train/local_step.h"

namespace intertie::train {

Result<double> evaluate(LocalStep& model, const data::EvaluationWindows& windows);

}  // namespace intertie::train
