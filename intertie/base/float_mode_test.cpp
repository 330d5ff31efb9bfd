#include "intertie/base/float_mode.h"

#include <gtest/gtest.h>

#include <limits>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace intertie {
namespace {

// Computed by the processor, not by the compiler.
float half_of(float value) {
  volatile float hidden = value;
  return hidden / 2;
}

TEST(FloatMode, DenormalsAreKeptFromTheStart) {
  EXPECT_FALSE(flushes_to_zero());
  EXPECT_GT(half_of(std::numeric_limits<float>::min()), 0.0F);
}

#ifdef __SSE2__
TEST(FloatMode, IsSeenAndCleared) {
  for (const unsigned bit : {1U << 15U, 1U << 6U}) {
    _mm_setcsr(_mm_getcsr() | bit);
    EXPECT_TRUE(flushes_to_zero());
    EXPECT_EQ(half_of(bit == 1U << 6U ? 4 * std::numeric_limits<float>::denorm_min() : std::numeric_limits<float>::min()),
              0.0F);
    clear_flush_to_zero();
    EXPECT_FALSE(flushes_to_zero());
    EXPECT_GT(half_of(std::numeric_limits<float>::min()), 0.0F);
  }
}
#endif

}  // namespace
}  // namespace intertie
