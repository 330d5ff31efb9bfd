#include <immintrin.h>

#include "intertie/base/float_mode.h"

namespace intertie {
namespace {

constexpr unsigned kFlushToZero = 1U << 15U;      // denormal results
constexpr unsigned kDenormalsAreZero = 1U << 6U;  // denormal inputs

}  // namespace

bool flushes_to_zero() { return (_mm_getcsr() & (kFlushToZero | kDenormalsAreZero)) != 0; }

void clear_flush_to_zero() { _mm_setcsr(_mm_getcsr() & ~(kFlushToZero | kDenormalsAreZero)); }

}  // namespace intertie
