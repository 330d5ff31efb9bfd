// For tests, fuzzers and benches of vector kernels: runs something once for every instruction set that the kernels were built
// for and this machine has (on x86: scalar code, SSSE3, SSE4, AVX2, AVX-512), then goes back to the machine's own choice.
// Not thread-safe: it changes what every Highway dispatch in the process chooses.
#pragma once

#include <hwy/targets.h>

#include <cstdint>

namespace intertie {

template <class Body>
void for_each_simd_target(const Body& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    body(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace intertie
