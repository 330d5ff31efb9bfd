#include "intertie/checkpoint/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>
#include <tuple>

#include "intertie/base/check.h"
#include "intertie/base/json.h"
#include "intertie/checkpoint/safetensors_header.h"

namespace intertie::checkpoint {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // as the format's own reader has it
constexpr std::uint64_t kLengthBytes = 8;               // the header's length, before the header
constexpr std::size_t kAlignment = 8;                   // of the data part

Error bad_tensors(std::string what) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

// Bytes of a tensor; nothing if the dtype is unknown or the size does not fit in 64 bits.
std::optional<std::uint64_t> num_bytes(std::string_view dtype, const std::vector<std::int64_t>& shape) {
  std::uint64_t size = dtype_size(dtype);
  if (size == 0) return std::nullopt;
  for (const std::int64_t dimension : shape) {
    if (__builtin_mul_overflow(size, static_cast<std::uint64_t>(dimension), &size)) return std::nullopt;
  }
  return size;
}

// Dtypes and shapes agree with the offsets, and the tensors fill `data` without a gap or an overlap.
Result<std::vector<Tensor>> place(std::vector<HeaderEntry> entries, std::span<const std::byte> data) {
  const auto order = [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::tie(a.first, a.last) < std::tie(b.first, b.last);
  };
  std::stable_sort(entries.begin(), entries.end(), order);
  std::vector<Tensor> tensors;
  tensors.reserve(entries.size());
  std::uint64_t end = 0;
  for (HeaderEntry& entry : entries) {
    const auto size = num_bytes(entry.dtype, entry.shape);
    if (!size) return bad_tensors(fmt::format("tensor {:?} has an unknown type or an impossible shape", entry.name));
    if (entry.first != end) return bad_tensors(fmt::format("a gap or an overlap before tensor {:?}", entry.name));
    if (entry.last < entry.first || entry.last > data.size())
      return bad_tensors(fmt::format("tensor {:?} is cut off", entry.name));
    if (entry.last - entry.first != *size)
      return bad_tensors(fmt::format("tensor {:?} has another size than its shape", entry.name));
    end = entry.last;
    tensors.push_back({.name = std::move(entry.name),
                       .dtype = std::move(entry.dtype),
                       .shape = std::move(entry.shape),
                       .bytes = data.subspan(entry.first, *size)});
  }
  if (end != data.size()) return bad_tensors("bytes that belong to no tensor");
  return tensors;
}

std::vector<const Tensor*> widest_first(std::span<const Tensor> tensors) {
  std::vector<const Tensor*> order;
  std::set<std::string_view> names;
  for (const Tensor& tensor : tensors) {
    INTERTIE_CHECK(names.insert(tensor.name).second && tensor.name != "__metadata__");
    INTERTIE_CHECK(num_bytes(tensor.dtype, tensor.shape) == tensor.bytes.size());
    order.push_back(&tensor);
  }
  const auto wider = [](const Tensor* a, const Tensor* b) { return dtype_size(a->dtype) > dtype_size(b->dtype); };
  std::stable_sort(order.begin(), order.end(), wider);
  return order;
}

// Never throws: bytes that are no UTF-8 are replaced.
std::string quoted(const std::string& text) { return Json(text).dump(); }

std::string header_text(std::span<const Tensor* const> tensors, const std::map<std::string, std::string>& metadata) {
  std::string text = "{\"__metadata__\":{";
  for (const auto& [key, value] : metadata) text += (text.back() == '{' ? "" : ",") + quoted(key) + ":" + quoted(value);
  text += "}";
  std::uint64_t offset = 0;
  for (const Tensor* tensor : tensors) {
    text += fmt::format(",{}:{{\"dtype\":{},\"shape\":[{}],\"data_offsets\":[{},{}]}}", quoted(tensor->name),
                        quoted(tensor->dtype), fmt::join(tensor->shape, ","), offset, offset + tensor->bytes.size());
    offset += tensor->bytes.size();
  }
  text += "}";
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

// Appends to a file and keeps account.
struct CountedFile {
  env::WritableFile& file;
  Hasher hasher;
  std::uint64_t size = 0;

  Result<void> append(std::span<const std::byte> bytes) {
    hasher.add(bytes);
    size += bytes.size();
    return file.append(bytes);
  }
};

}  // namespace

Result<SafetensorsContent> parse_safetensors(std::span<const std::byte> file) {
  std::uint64_t length = 0;
  if (file.size() < kLengthBytes) return bad_tensors("too short for a safetensors file");
  std::memcpy(&length, file.data(), kLengthBytes);
  const auto rest = file.subspan(kLengthBytes);
  if (length > kMaxHeaderBytes || length > rest.size())
    return bad_tensors("its header is cut off, or it is no safetensors file");
  INTERTIE_ASSIGN(Header header, parse_header({reinterpret_cast<const char*>(rest.data()), length}));
  INTERTIE_ASSIGN(std::vector<Tensor> tensors, place(std::move(header.entries), rest.subspan(length)));
  return SafetensorsContent{std::move(tensors), std::move(header.metadata)};
}

Result<WrittenFile> write_safetensors(env::Disk& disk, const std::string& path, std::span<const Tensor> tensors,
                                      const std::map<std::string, std::string>& metadata) {
  const std::vector<const Tensor*> order = widest_first(tensors);
  const std::string header = header_text(order, metadata);
  const std::uint64_t length = header.size();
  INTERTIE_CHECK_LE(length, kMaxHeaderBytes);
  INTERTIE_ASSIGN(const std::unique_ptr<env::WritableFile> file, disk.create(path));
  CountedFile counted{.file = *file, .hasher = {}};
  INTERTIE_RETURN_IF_ERROR(counted.append(std::as_bytes(std::span(&length, 1))));
  INTERTIE_RETURN_IF_ERROR(counted.append(std::as_bytes(std::span(header))));
  for (const Tensor* tensor : order) INTERTIE_RETURN_IF_ERROR(counted.append(tensor->bytes));
  INTERTIE_RETURN_IF_ERROR(file->sync());
  return WrittenFile{.size = counted.size, .hash = counted.hasher.finish()};
}

Result<SafetensorsFile> SafetensorsFile::open(env::Disk& disk, const std::string& path) {
  INTERTIE_ASSIGN(std::unique_ptr<env::MappedFile> file, disk.map(path));
  auto content = parse_safetensors(file->bytes());
  if (!content) {
    Error error = content.error();
    error.where = path;
    return error;
  }
  return SafetensorsFile(std::move(file), *std::move(content));
}

const Tensor* SafetensorsFile::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors().begin(), tensors().end(), [&](const Tensor& tensor) { return tensor.name == name; });
  return found == tensors().end() ? nullptr : &*found;
}

}  // namespace intertie::checkpoint
