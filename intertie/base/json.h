// Json: one JSON value, for the small files and lines that this program writes and reads back.
//
// Objects keep the order in which they were written. Reading asks for a kind and gets nothing where the value is of another
// one, so that a reader of hostile text says what it wants and never throws. Values; any thread. RFC 8259.
//
//   INTERTIE_ASSIGN(const Json json, parse_json(text));
//   const std::optional<std::uint64_t> step = json["step"].whole();
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "intertie/base/result.h"

namespace intertie {

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  Json();  // null
  Json(bool value);
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) Json(Number value) : Json(whole_number(value)) {}
  Json(double value);
  Json(std::string value);
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(const char* value) : Json(std::string(value)) {}
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}
  static Json array(Array items);
  static Json array() { return array(Array()); }
  static Json object(Object members);
  static Json object();

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  bool is_null() const;
  bool is_array() const;
  bool is_object() const;
  std::optional<bool> boolean() const;
  std::optional<std::uint64_t> whole() const;   // a whole number of at least 0, written without point or exponent
  std::optional<std::int64_t> integer() const;  // a whole number that fits
  std::optional<double> number() const;         // any number
  const std::string* text() const;              // null: not text
  const Array& items() const;                   // empty unless an array
  const Object& members() const;                // empty unless an object
  bool has(std::string_view name) const;
  const Json& operator[](std::string_view name) const;  // null unless an object with that name

  // Both for what was made by array() or object(). `name` must be new.
  void push(Json item);
  void set(std::string name, Json value);

  // On one line, or with `indent` spaces a level. Numbers that are not finite become null, bytes that are no UTF-8 U+FFFD.
  std::string dump(int indent = -1) const;

  friend bool operator==(const Json& a, const Json& b);

 private:
  friend struct JsonWriter;
  using Value = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;
  explicit Json(Value value);
  template <std::integral Number>
  static Json whole_number(Number value);

  Value value_;
};

struct Json::Member {
  std::string name;
  Json value;
  bool operator==(const Member& other) const = default;
};

template <std::integral Number>
Json Json::whole_number(Number value) {
  if (std::cmp_less(value, 0)) return Json(Value(static_cast<std::int64_t>(value)));
  return Json(Value(static_cast<std::uint64_t>(value)));
}

inline constexpr int kMaxJsonDepth = 32;

// One value and nothing behind it. Refused, with line and column: what is no JSON, nesting deeper than `max_depth`, an object
// with a name twice; the message shows little of the text, escaped. Time and memory grow with the text's size,
// which the caller limits.
Result<Json> parse_json(std::string_view text, int max_depth = kMaxJsonDepth);

}  // namespace intertie
