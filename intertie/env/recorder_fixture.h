// For the tests of networks: one end of a connection, and what it was told.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "intertie/env/network.h"

namespace intertie::env {

struct Recorder {
  std::unique_ptr<Connection> connection;
  bool keep_bytes = true;
  std::vector<std::byte> bytes;
  std::uint64_t received = 0;  // bytes, kept or not
  int num_pieces = 0;          // in which they came
  std::optional<Error> closed;
  int drained = 0;
  void take(std::unique_ptr<Connection> got) {
    connection = std::move(got);
    connection->start({.received =
                           [this](std::span<const std::byte> piece) {
                             received += piece.size();
                             ++num_pieces;
                             if (keep_bytes) bytes.insert(bytes.end(), piece.begin(), piece.end());
                           },
                       .drained = [this] { ++drained; },
                       .closed = [this](Error error) { closed = std::move(error); }});
  }
};

}  // namespace intertie::env
