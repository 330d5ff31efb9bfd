// Tokens: a corpus's uint16 tokens, seen as one sequence although they may lie in several mapped files. Used by the sampler,
// the evaluation windows and the shard writer. Immutable and cheap to copy: pieces share ownership of their memory. Any thread.
//
//   Tokens tokens = Tokens::own({1, 2, 3, 4});
//   Tokens last = tokens.slice(2, 4);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/env/disk.h"

namespace intertie::data {

class Tokens {
 public:
  Tokens() = default;
  // Borrows: the memory must outlive this value and all its slices.
  Tokens(std::span<const std::uint16_t> view);
  static Tokens own(std::vector<std::uint16_t> tokens);
  // A whole file of little-endian uint16. Errors: it cannot be mapped, is empty, or has an odd number of bytes.
  static Result<Tokens> map(env::Disk& disk, const std::string& path);

  void append(const Tokens& more);
  Tokens slice(std::uint64_t first, std::uint64_t last) const;  // first <= last <= size()
  std::uint64_t size() const { return size_; }
  // Copies tokens [first, first + out.size()).
  void copy(std::uint64_t first, std::span<std::uint16_t> out) const;

  struct Piece {
    std::shared_ptr<const void> owner;  // null: borrowed
    std::span<const std::uint16_t> view;
    std::uint64_t first = 0;  // position of the piece's first token in the sequence
  };
  const std::vector<Piece>& pieces() const { return pieces_; }

  // The largest token, 0 for an empty sequence.
  std::uint16_t largest() const;
  void add_to(Hasher& hasher) const;

 private:
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

}  // namespace intertie::data
