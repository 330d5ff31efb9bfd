#include "intertie/data/tokens.h"

#include <algorithm>
#include <bit>

namespace intertie::data {

static_assert(std::endian::native == std::endian::little, "tokens on disk are little-endian and used in place");

Tokens::Tokens(std::span<const std::uint16_t> view) : size_(view.size()) {
  if (!view.empty()) pieces_.push_back({nullptr, view, 0});
}

Tokens Tokens::own(std::vector<std::uint16_t> tokens) {
  auto owner = std::make_shared<const std::vector<std::uint16_t>>(std::move(tokens));
  Tokens result(*owner);
  for (Piece& piece : result.pieces_) piece.owner = owner;
  return result;
}

Result<Tokens> Tokens::map(env::Disk& disk, const std::string& path) {
  INTERTIE_ASSIGN(std::shared_ptr<const env::MappedFile> file, disk.map(path));
  const std::span<const std::byte> bytes = file->bytes();
  if (bytes.empty()) {
    return Error{ErrorCode::reconfigure, path, "the file is empty", "name a file that holds tokens", nullptr};
  }
  if (bytes.size() % sizeof(std::uint16_t) != 0) {
    return Error{ErrorCode::reconfigure, path,
                 std::to_string(bytes.size()) + " bytes is an odd size, so this is not a whole file of 16-bit tokens",
                 "make it again or copy it again", nullptr};
  }
  INTERTIE_CHECK_EQ(std::bit_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint16_t), 0U);
  const auto* first = static_cast<const std::uint16_t*>(static_cast<const void*>(bytes.data()));
  Tokens result(std::span(first, bytes.size() / sizeof(std::uint16_t)));
  result.pieces_.front().owner = std::move(file);
  return result;
}

void Tokens::append(const Tokens& more) {
  for (const Piece& piece : more.pieces_) {
    pieces_.push_back({piece.owner, piece.view, size_});
    size_ += piece.view.size();
  }
}

Tokens Tokens::slice(std::uint64_t first, std::uint64_t last) const {
  INTERTIE_CHECK_LE(first, last);
  INTERTIE_CHECK_LE(last, size_);
  Tokens result;
  for (const Piece& piece : pieces_) {
    const std::uint64_t from = std::max(first, piece.first);
    const std::uint64_t to = std::min(last, piece.first + piece.view.size());
    if (from >= to) continue;
    result.pieces_.push_back({piece.owner, piece.view.subspan(from - piece.first, to - from), result.size_});
    result.size_ += to - from;
  }
  return result;
}

void Tokens::copy(std::uint64_t first, std::span<std::uint16_t> out) const {
  INTERTIE_CHECK_LE(first + out.size(), size_);
  const auto after = [](std::uint64_t position, const Piece& piece) { return position < piece.first; };
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), first, after);
  if (piece != pieces_.begin()) --piece;
  for (std::size_t done = 0; done < out.size(); ++piece) {
    const std::size_t offset = first + done - piece->first;
    const std::size_t count = std::min(out.size() - done, piece->view.size() - offset);
    std::ranges::copy(piece->view.subspan(offset, count), out.subspan(done, count).begin());
    done += count;
  }
}

std::uint16_t Tokens::largest() const {
  std::uint16_t largest = 0;
  for (const Piece& piece : pieces_) {
    for (const std::uint16_t token : piece.view) largest = std::max(largest, token);
  }
  return largest;
}

void Tokens::add_to(Hasher& hasher) const {
  for (const Piece& piece : pieces_) hasher.add(std::as_bytes(piece.view));
}

}  // namespace intertie::data
