// How the processor treats denormal numbers on the current thread. Some libraries switch to "flush to zero" for speed; then
// sums would differ between machines, so every thread that runs our kernels clears it first (docs/protocol.md rule 7). The
// files in base/cpu/ know the processors; CMake picks one. Thread: each call concerns the calling thread alone.
#pragma once

namespace intertie {

// True if denormal results or inputs are taken for zero on this thread.
bool flushes_to_zero();

// Denormals are kept on this thread from now on.
void clear_flush_to_zero();

}  // namespace intertie
