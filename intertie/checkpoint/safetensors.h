// safetensors: the file format of tensors on disk (8-byte little-endian header size, JSON header, raw little-endian data),
// readable by everybody's tools. Header limits are checked before anything is allocated. Thread: worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/hash.h"
#include "intertie/base/result.h"
#include "intertie/env/disk.h"

namespace intertie::checkpoint {

struct Tensor {
  std::string name;
  std::string dtype;  // "F32", "U8", "U64"
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // borrowed for the call, or from the opened file
};

// Writes and syncs; returns size and hash of the file for the manifest.
struct WrittenFile {
  std::uint64_t size = 0;
  Hash64 hash;
};
Result<WrittenFile> write_safetensors(env::Disk& disk, const std::string& path, std::span<const Tensor> tensors,
                                      const std::map<std::string, std::string>& metadata);

class SafetensorsFile {
 public:
  static Result<SafetensorsFile> open(env::Disk& disk, const std::string& path);
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const Tensor* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  std::span<const std::byte> file_bytes() const { return file_->bytes(); }

 private:
  std::unique_ptr<env::MappedFile> file_;
  std::vector<Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace intertie::checkpoint
