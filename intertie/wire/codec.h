// Writer and Reader: the little-endian byte layout of everything that crosses a site. A message declares its fields once
// (`fields(archive)`), and both directions follow from it.
//
// Integers: fixed width, little-endian. f32, f64: their bits. bool: one byte, 0 or 1. Strings and lists: u32 count, then the
// elements; the count is checked against a limit and against the bytes that are left before anything is allocated. Values; any
// thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "intertie/base/block.h"
#include "intertie/base/check.h"
#include "intertie/base/hash.h"
#include "intertie/base/ids.h"

namespace intertie::wire {

inline constexpr std::uint32_t kProtocolVersion = 6;  // of all messages; both sides have the same

inline constexpr std::uint32_t kMaxText = 64 * 1024;
inline constexpr std::uint32_t kMaxList = 64 * 1024;
inline constexpr std::uint32_t kMaxWords = 4 * 1024;

// One line for people, written by one site and shown at another: of printable text, at most kMaxWords bytes. What does not fit
// is cut or replaced when it is made, and refused when it is read.
class Words {
 public:
  Words() = default;
  Words(std::string_view text);
  Words(const std::string& text) : Words(std::string_view(text)) {}
  Words(const char* text) : Words(std::string_view(text)) {}
  const std::string& text() const { return text_; }
  friend bool operator==(const Words&, const Words&) = default;

 private:
  std::string text_;
};

class Writer {
 public:
  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  template <std::integral T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      put(static_cast<std::uint8_t>(value));
    } else {
      auto bits = static_cast<std::make_unsigned_t<T>>(value);
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes_.push_back(static_cast<std::byte>(bits & 0xff));
        if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits >> 8);
      }
    }
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(const T& value) { put(static_cast<std::underlying_type_t<T>>(value)); }
  void put(const double& value) { put(std::bit_cast<std::uint64_t>(value)); }
  void put(const float& value) { put(std::bit_cast<std::uint32_t>(value)); }
  void put(const Hash64& hash) { put(hash.value); }
  void put(const BlockRange& blocks) {
    put(blocks.first);
    put(blocks.last);
  }
  template <class Tag, class Number>
  void put(const Id<Tag, Number>& id) {
    put(id.value);
  }
  void put(const MergeId& merge) {
    put(merge.fragment);
    put(merge.version);
  }
  void put(const std::string& text) {
    INTERTIE_CHECK_LE(text.size(), kMaxText);
    put(static_cast<std::uint32_t>(text.size()));
    raw(text.data(), text.size());
  }
  void put(const Words& words) { put(words.text()); }
  template <class T>
  void put(const std::vector<T>& list) {
    INTERTIE_CHECK_LE(list.size(), kMaxList);
    put(static_cast<std::uint32_t>(list.size()));
    for (const T& element : list) put(element);
  }
  template <class T>
  requires requires(T& value, Writer& writer) { value.fields(writer); }
  void put(const T& value) {
    const_cast<T&>(value).fields(*this);  // fields() of a message serves both directions; a Writer changes nothing
  }

  std::vector<std::byte> bytes_;
};

// Reads what Writer wrote. After a failure everything reads as zero and ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  bool ok() const { return ok_; }
  // Everything was read, and nothing is left over.
  bool finished() const { return ok_ && bytes_.empty(); }
  std::span<const std::byte> rest() const { return bytes_; }

 private:
  const std::byte* take(std::size_t size) {
    if (!ok_ || bytes_.size() < size) {
      ok_ = false;
      return nullptr;
    }
    const std::byte* first = bytes_.data();
    bytes_ = bytes_.subspan(size);
    return first;
  }
  template <std::integral T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      get(byte);
      if (byte > 1) ok_ = false;
      value = byte == 1;
    } else {
      std::make_unsigned_t<T> bits = 0;
      if (const std::byte* first = take(sizeof(T))) {
        for (std::size_t i = 0; i < sizeof(T); ++i) {
          bits = static_cast<std::make_unsigned_t<T>>(bits | (std::to_integer<std::make_unsigned_t<T>>(first[i]) << (8 * i)));
        }
      }
      value = static_cast<T>(bits);
    }
  }
  template <class T>
  requires std::is_enum_v<T>
  void get(T& value) {
    std::underlying_type_t<T> number{};
    get(number);
    value = static_cast<T>(number);
    if (!is_known(value)) ok_ = false;  // every enum on the wire says which of its values exist
  }
  void get(double& value) {
    std::uint64_t bits = 0;
    get(bits);
    value = std::bit_cast<double>(bits);
  }
  void get(float& value) {
    std::uint32_t bits = 0;
    get(bits);
    value = std::bit_cast<float>(bits);
  }
  void get(Hash64& hash) { get(hash.value); }
  void get(BlockRange& blocks) {
    get(blocks.first);
    get(blocks.last);
  }
  template <class Tag, class Number>
  void get(Id<Tag, Number>& id) {
    get(id.value);
  }
  void get(MergeId& merge) {
    get(merge.fragment);
    get(merge.version);
  }
  void get(std::string& text) {
    std::uint32_t size = 0;
    get(size);
    if (size > kMaxText) ok_ = false;
    if (const std::byte* first = take(size)) text.assign(reinterpret_cast<const char*>(first), size);
  }
  void get(Words& words) {
    std::string text;
    get(text);
    words = Words(text);
    if (words.text() != text) ok_ = false;
  }
  template <class T>
  void get(std::vector<T>& list) {
    std::uint32_t count = 0;
    get(count);
    if (count > kMaxList || count > bytes_.size()) ok_ = false;  // an element has at least one byte
    if (!ok_) return;
    list.assign(count, T{});
    for (T& element : list) {
      get(element);
      if (!ok_) return;
    }
  }
  template <class T>
  requires requires(T& value, Reader& reader) { value.fields(reader); }
  void get(T& value) { value.fields(*this); }

  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

}  // namespace intertie::wire
