// safetensors: the file format of tensors on disk (8-byte little-endian header size, JSON header, raw little-endian data),
// readable by everybody's tools. Header limits are checked before anything is allocated. Thread: worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/env/disk.h"

namespace intertie::checkpoint {

struct Tensor {
  std::string name;
  std::string dtype;  // "F32", "U8", "U64", ...: the format's names
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // borrowed for the call, or from the opened file
};

// What the bytes of a whole file hold; the tensors, in the order of their bytes, point into them. Errors: reconfigure, without
// a place.
struct SafetensorsContent {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
};
Result<SafetensorsContent> parse_safetensors(std::span<const std::byte> file);

// Writes and syncs; returns size and hash of the file for the manifest. Wider elements come first, so that all are aligned.
struct WrittenFile {
  std::uint64_t size = 0;
  Hash64 hash;
};
Result<WrittenFile> write_safetensors(env::Disk& disk, const std::string& path, std::span<const Tensor> tensors,
                                      const std::map<std::string, std::string>& metadata);

class SafetensorsFile {
 public:
  static Result<SafetensorsFile> open(env::Disk& disk, const std::string& path);
  const std::vector<Tensor>& tensors() const { return content_.tensors; }
  const Tensor* find(std::string_view name) const;  // nullptr when there is none
  const std::map<std::string, std::string>& metadata() const { return content_.metadata; }
  std::span<const std::byte> file_bytes() const { return file_->bytes(); }

 private:
  SafetensorsFile(std::unique_ptr<env::MappedFile> file, SafetensorsContent content)
      : file_(std::move(file)), content_(std::move(content)) {}

  std::unique_ptr<env::MappedFile> file_;
  SafetensorsContent content_;
};

}  // namespace intertie::checkpoint
