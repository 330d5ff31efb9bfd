#include "intertie/base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

#include "intertie/base/check.h"

namespace intertie {

Hash64 hash_bytes(std::span<const std::byte> bytes) { return {XXH3_64bits(bytes.data(), bytes.size())}; }

Hash64 hash_text(std::string_view text) { return {XXH3_64bits(text.data(), text.size())}; }

std::string to_string(Hash64 hash) { return fmt::format("{:016x}", hash.value); }

std::optional<Hash64> parse_hash(std::string_view digits) {
  Hash64 hash;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), hash.value, 16);
  if (digits.size() != 16 || status != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return hash;
}

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  INTERTIE_CHECK(state_->xxh != nullptr);
  XXH3_64bits_reset(state_->xxh);
}

Hasher::~Hasher() = default;

void Hasher::add(std::span<const std::byte> bytes) { XXH3_64bits_update(state_->xxh, bytes.data(), bytes.size()); }

Hash64 Hasher::finish() const { return {XXH3_64bits_digest(state_->xxh)}; }

}  // namespace intertie
