// For processors whose mode we do not know: what C++ promises is that a thread starts with denormals kept.
#include "intertie/base/float_mode.h"

namespace intertie {

bool flushes_to_zero() {
  volatile float smallest = 1.17549435e-38F;
  return smallest / 2 == 0;
}

void clear_flush_to_zero() {}

}  // namespace intertie
