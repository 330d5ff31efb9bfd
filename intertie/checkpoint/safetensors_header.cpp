#include "intertie/checkpoint/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace intertie::checkpoint {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDimensions = 64;

// Follows the parser through {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"key":
// "text"}} and stops it at the first thing that has no place there.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  Header header;
  std::string problem;

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) return go(Place::top);
    if (place_ != Place::top) return refuse("an object that has no place there");
    if (name_ == "__metadata__") return go(Place::metadata);
    header.entries.emplace_back().name = name_;
    fields_.clear();
    num_offsets_ = 0;
    return go(Place::tensor);
  }
  bool key(std::string& text) override {
    if (place_ == Place::tensor) {
      field_ = text;
      return fields_.insert(text).second || refuse("a field twice");
    }
    name_ = text;
    if (place_ == Place::metadata) return !header.metadata.contains(text) || refuse("a metadata key twice");
    return names_.insert(text).second || refuse("a name twice");
  }
  bool end_object() override {
    if (place_ == Place::top) return go(Place::outside);
    const bool whole = place_ == Place::metadata || (fields_.size() == 3 && num_offsets_ == 2);
    return whole ? go(Place::top) : refuse("a tensor without dtype, shape or data_offsets");
  }
  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && field_ == "shape") return go(Place::shape);
    if (place_ == Place::tensor && field_ == "data_offsets") return go(Place::offsets);
    return refuse("an array that has no place there");
  }
  bool end_array() override { return go(Place::tensor); }
  bool string(std::string& text) override {
    if (place_ == Place::metadata) return header.metadata.emplace(name_, text).second;
    if (place_ != Place::tensor || field_ != "dtype") return refuse("text that has no place there");
    header.entries.back().dtype = text;
    return true;
  }
  bool number_unsigned(std::uint64_t value) override {
    if (place_ == Place::shape) return add_dimension(value);
    if (place_ != Place::offsets || num_offsets_ == 2) return refuse("a number that has no place there");
    HeaderEntry& entry = header.entries.back();
    (num_offsets_++ == 0 ? entry.first : entry.last) = value;
    return true;
  }
  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("true or false"); }
  bool number_integer(std::int64_t) override { return refuse("a negative number"); }
  bool number_float(double, const std::string&) override { return refuse("a number that is not whole"); }
  bool binary(Json::binary_t&) override { return refuse("binary data"); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return refuse("no valid JSON"); }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };

  bool go(Place place) {
    place_ = place;
    return true;
  }
  bool refuse(const char* what) {
    if (problem.empty()) problem = what;
    return false;
  }
  bool add_dimension(std::uint64_t size) {
    std::vector<std::int64_t>& shape = header.entries.back().shape;
    if (shape.size() == kMaxDimensions) return refuse("a shape of more than 64 dimensions");
    if (size > std::numeric_limits<std::int64_t>::max()) return refuse("a dimension out of range");
    shape.push_back(static_cast<std::int64_t>(size));
    return true;
  }

  Place place_ = Place::outside;
  std::string name_, field_;
  std::set<std::string> names_, fields_;
  int num_offsets_ = 0;
};

}  // namespace

Result<Header> parse_header(std::string_view json) {
  HeaderReader reader;
  const bool whole = !json.empty() && json.front() == '{' && Json::sax_parse(json.begin(), json.end(), &reader);
  if (whole) return std::move(reader.header);
  const std::string problem = reader.problem.empty() ? "no object at its start" : reader.problem;
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = "its header has " + problem, .fix = {}, .cause = {}};
}

std::uint64_t dtype_size(std::string_view dtype) {
  struct Type {
    std::string_view name;
    std::uint64_t size;
  };
  static constexpr std::array kTypes{Type{"F64", 8},     Type{"I64", 8},     Type{"U64", 8},  Type{"F32", 4}, Type{"I32", 4},
                                     Type{"U32", 4},     Type{"F16", 2},     Type{"BF16", 2}, Type{"I16", 2}, Type{"U16", 2},
                                     Type{"F8_E5M2", 1}, Type{"F8_E4M3", 1}, Type{"I8", 1},   Type{"U8", 1},  Type{"BOOL", 1}};
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) { return type.name == dtype; });
  return found == kTypes.end() ? 0 : found->size;
}

}  // namespace intertie::checkpoint
