// Text and tokens put on a disk, for the tests of this folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/check.h"
#include "intertie/env/disk.h"

namespace intertie::data {

inline void put_bytes(env::Disk& disk, const std::string& path, std::span<const std::byte> bytes) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) INTERTIE_CHECK(disk.make_folders(path.substr(0, slash)));
  INTERTIE_CHECK(disk.write_atomically(path, bytes));
}

inline void put(env::Disk& disk, const std::string& path, std::string_view text) {
  put_bytes(disk, path, std::as_bytes(std::span(text)));
}

inline void put_tokens(env::Disk& disk, const std::string& path, const std::vector<std::uint16_t>& tokens) {
  put_bytes(disk, path, std::as_bytes(std::span(tokens)));
}

// Cuts the file down to `size` bytes.
inline void truncate(env::Disk& disk, const std::string& path, std::size_t size) {
  std::vector<std::byte> bytes = disk.read(path).value();
  bytes.resize(size);
  put_bytes(disk, path, bytes);
}

}  // namespace intertie::data
