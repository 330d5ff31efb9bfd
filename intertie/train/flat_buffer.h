// FlatBuffer: the memory of all parameters, or of a gradient: f32, 64-byte aligned, zero at first. Used by implementations of
// LocalStep. Resource: owns its memory; one owner thread.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "intertie/base/check.h"

namespace intertie::train {

class FlatBuffer {
 public:
  explicit FlatBuffer(std::size_t elements) : size_(elements) {
    const std::size_t bytes = (elements * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    memory_.reset(std::aligned_alloc(kAlignment, bytes));
    INTERTIE_CHECK(memory_ != nullptr);
    std::memset(memory_.get(), 0, bytes);
  }

  std::span<float> span() { return {static_cast<float*>(memory_.get()), size_}; }

 private:
  static constexpr std::size_t kAlignment = 64;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  std::size_t size_;
};

}  // namespace intertie::train
