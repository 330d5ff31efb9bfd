// The only file that knows which library parses and writes JSON values (checkpoint/safetensors_header.cpp follows its parser
// event by event): its headers take seconds to compile.
#include "intertie/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace intertie {
namespace {

using nlohmann::ordered_json;

Error bad_json(std::string what) {
  return {.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

// A piece of the text for a message: quoted, printable, on one line, and short however long it is.
std::string shown(std::string_view piece) {
  constexpr std::size_t kStart = 40;
  constexpr std::size_t kEnd = 20;
  if (piece.size() <= kStart + kEnd) return fmt::format("{:?}", piece);
  return fmt::format("{:?}...{:?}", piece.substr(0, kStart), piece.substr(piece.size() - kEnd));
}

// A name that two members have; nothing if there is none.
std::optional<std::string> name_twice(const Json::Object& members) {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Json::Member& member : members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? std::nullopt : std::optional<std::string>(*twice);
}

// Builds a value from the parser's events; `open` holds the arrays and objects that have begun, the outermost first.
class Builder final : public nlohmann::json_sax<ordered_json> {
 public:
  Json value;
  std::string problem;

  explicit Builder(int max_depth) : max_depth_(static_cast<std::size_t>(max_depth)) {}

  bool null() override { return add(Json()); }
  bool boolean(bool truth) override { return add(Json(truth)); }
  bool number_integer(std::int64_t number) override { return add(Json(number)); }
  bool number_unsigned(std::uint64_t number) override { return add(Json(number)); }
  bool number_float(double number, const std::string&) override { return add(Json(number)); }
  bool string(std::string& text) override { return add(Json(std::move(text))); }
  bool binary(ordered_json::binary_t&) override { return refuse("binary data"); }
  bool start_array(std::size_t) override { return begin(Json::array()); }
  bool end_array() override { return end(); }
  bool start_object(std::size_t) override { return begin(Json::object()); }
  bool key(std::string& name) override {
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() override {
    const std::optional<std::string> twice = name_twice(open_.back().value.members());
    return twice ? refuse("an object has " + shown(*twice) + " twice") : end();
  }
  bool parse_error(std::size_t, const std::string& token, const ordered_json::exception& error) override {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ... read: 'token'"
    const std::size_t line = what.find("line ");
    what.erase(0, line != std::string::npos ? line : what.find(' ') + 1);
    const std::string quoted = "'" + token + "'";
    const std::size_t at = what.find(quoted);
    return refuse(at == std::string::npos ? what : what.replace(at, quoted.size(), shown(token)));
  }

 private:
  struct Open {
    Json value;
    std::string name;  // of the member that comes next, in an object
  };

  bool begin(Json container) {
    if (open_.size() == max_depth_) return refuse("nested deeper than " + std::to_string(max_depth_));
    open_.push_back({std::move(container), {}});
    return true;
  }
  bool end() {
    Json done = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(done));
  }
  bool add(Json item) {
    if (open_.empty()) {
      value = std::move(item);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push(std::move(item));
    } else {
      open_.back().value.set(std::move(open_.back().name), std::move(item));
    }
    return true;
  }
  bool refuse(std::string what) {
    if (problem.empty()) problem = std::move(what);
    return false;
  }

  std::size_t max_depth_;
  std::vector<Open> open_;
};

}  // namespace

// Into the library's own value, which it then writes.
struct JsonWriter {
  static ordered_json library_value(const Json& json) { return std::visit(JsonWriter{}, json.value_); }

  ordered_json operator()(std::monostate) const { return {}; }
  ordered_json operator()(const Json::Array& items) const {
    auto out = ordered_json::array();
    for (const Json& item : items) out.push_back(library_value(item));
    return out;
  }
  ordered_json operator()(const Json::Object& members) const {
    auto out = ordered_json::object();
    for (const Json::Member& member : members) out[member.name] = library_value(member.value);
    return out;
  }
  ordered_json operator()(const auto& scalar) const { return scalar; }
};

// Everything that needs a whole Member is here, where it is one.
Json::Json() = default;
Json::Json(Value value) : value_(std::move(value)) {}
Json::Json(bool value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::array(Array items) { return Json(Value(std::move(items))); }
Json Json::object(Object members) { return Json(Value(std::move(members))); }
Json Json::object() { return object(Object()); }

bool Json::is_null() const { return std::holds_alternative<std::monostate>(value_); }
bool Json::is_array() const { return std::holds_alternative<Array>(value_); }
bool Json::is_object() const { return std::holds_alternative<Object>(value_); }

std::optional<bool> Json::boolean() const {
  const bool* value = std::get_if<bool>(&value_);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::uint64_t> Json::whole() const {
  const std::uint64_t* value = std::get_if<std::uint64_t>(&value_);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Json::integer() const {
  if (const std::int64_t* value = std::get_if<std::int64_t>(&value_)) return *value;
  const std::optional<std::uint64_t> value = whole();
  return value && std::in_range<std::int64_t>(*value) ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

std::optional<double> Json::number() const {
  if (const double* value = std::get_if<double>(&value_)) return *value;
  if (const std::int64_t* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  const std::optional<std::uint64_t> value = whole();
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

const std::string* Json::text() const { return std::get_if<std::string>(&value_); }

const Json::Array& Json::items() const {
  static const Array kNone;
  const Array* items = std::get_if<Array>(&value_);
  return items ? *items : kNone;
}

const Json::Object& Json::members() const {
  static const Object kNone;
  const Object* members = std::get_if<Object>(&value_);
  return members ? *members : kNone;
}

bool Json::has(std::string_view name) const {
  return std::any_of(members().begin(), members().end(), [&](const Member& member) { return member.name == name; });
}

const Json& Json::operator[](std::string_view name) const {
  static const Json kNull;
  for (const Member& member : members()) {
    if (member.name == name) return member.value;
  }
  return kNull;
}

void Json::push(Json item) { std::get<Array>(value_).push_back(std::move(item)); }

void Json::set(std::string name, Json value) { std::get<Object>(value_).push_back({std::move(name), std::move(value)}); }

std::string Json::dump(int indent) const {
  return JsonWriter::library_value(*this).dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }

Result<Json> parse_json(std::string_view text, int max_depth) {
  Builder builder(max_depth);
  if (ordered_json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.value);
  return bad_json(builder.problem);
}

}  // namespace intertie
