// 64-bit hashes (XXH3) of bytes: of anchors, configurations, data, checkpoints. Not cryptographic: TLS authenticates peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace intertie {

struct Hash64 {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const Hash64&, const Hash64&) = default;
};

Hash64 hash_bytes(std::span<const std::byte> bytes);
Hash64 hash_text(std::string_view text);
std::string to_string(Hash64 hash);                         // 16 hexadecimal digits
std::optional<Hash64> parse_hash(std::string_view digits);  // exactly those

// Streaming form; the same value as hash_bytes over everything that was added.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void add(std::span<const std::byte> bytes);
  Hash64 finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intertie
