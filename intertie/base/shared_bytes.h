// SharedBytes: an immutable range of bytes with shared ownership, so that one chunk can be queued to several streams (and
// cross threads) without a copy. Cheap to copy. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace intertie {

class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::vector<std::byte> bytes) {
    auto owned = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    view_ = *owned;
    owner_ = std::move(owned);
  }
  // A view into memory that `owner` keeps alive and nobody changes any more.
  SharedBytes(std::shared_ptr<const void> owner, std::span<const std::byte> view) : owner_(std::move(owner)), view_(view) {}

  std::span<const std::byte> view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  SharedBytes slice(std::size_t offset, std::size_t size) const { return {owner_, view_.subspan(offset, size)}; }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
};

}  // namespace intertie
