// FlatBuffer: the memory of all parameters, or of a gradient: f32, 64-byte aligned, zero at first. Used by implementations of
// LocalStep. Resource: owns its memory; one owner thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace intertie::train {

class FlatBuffer {
 public:
  explicit FlatBuffer(std::size_t elements) : lines_((elements + kLineElements - 1) / kLineElements), size_(elements) {}

  std::span<float> span() { return size_ == 0 ? std::span<float>() : std::span<float>(lines_.front().values.data(), size_); }

 private:
  static constexpr std::size_t kLineElements = 16;
  struct alignas(64) Line {
    std::array<float, kLineElements> values{};
  };
  std::vector<Line> lines_;  // lines follow each other without a gap, so the elements do
  std::size_t size_;
};

}  // namespace intertie::train
