#include "intertie/site/run_file_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "intertie/site/run_file_nesting.h"

// toml++ 3.3.0 asserts, and with NDEBUG assumes, what input such as "[+t" breaks; it goes on to refuse that input where neither
// is done.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace intertie::site {
namespace {

std::string line_of(const std::string& path, const toml::source_region& region) {
  return region.begin.line == 0 ? path : fmt::format("{}:{}", path, region.begin.line);
}

template <class Date>
std::string date_text(const Date& date) {
  std::ostringstream text;
  text << date;
  return text.str();
}

// Recursion is bounded: what is nested deeper than kDeepestNesting is not parsed at all.
class Converter {
 public:
  // `place` replaces the places in the file where it is not empty (overrides).
  Converter(std::string path, std::string place) : path_(std::move(path)), place_(std::move(place)) {}

  Node convert(const toml::node& from) const {
    Node node;
    node.place = place_.empty() ? line_of(path_, from.source()) : place_;
    from.visit([&](const auto& value) { fill(node, value); });
    return node;
  }

 private:
  void fill(Node& node, const toml::table& table) const {
    node.kind = Node::Kind::table;
    std::vector<std::pair<toml::source_position, const toml::key*>> order;
    for (auto&& [key, value] : table) order.emplace_back(key.source().begin, &key);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [position, key] : order) {
      node.keys.emplace_back(key->str());
      node.items.push_back(convert(*table.get(key->str())));
    }
  }
  void fill(Node& node, const toml::array& array) const {
    node.kind = Node::Kind::list;
    for (const toml::node& item : array) node.items.push_back(convert(item));
  }
  void fill(Node& node, const toml::value<std::string>& value) const {
    node.kind = Node::Kind::text;
    node.text = value.get();
  }
  void fill(Node& node, const toml::value<std::int64_t>& value) const {
    node.kind = Node::Kind::integer;
    node.integer = value.get();
  }
  void fill(Node& node, const toml::value<double>& value) const {
    node.kind = Node::Kind::number;
    node.number = value.get();
  }
  void fill(Node& node, const toml::value<bool>& value) const {
    node.kind = Node::Kind::boolean;
    node.boolean = value.get();
  }
  template <class Date>
  void fill(Node& node, const toml::value<Date>& value) const {
    node.kind = Node::Kind::date;
    node.text = date_text(value.get());
  }

  std::string path_;
  std::string place_;
};

Error bad_syntax(const toml::parse_error& error, const std::string& path) {
  // The library's words may hold line breaks and control characters from the file; a message is one line.
  std::string what(error.description());
  for (char& c : what) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return Error{.code = ErrorCode::reconfigure,
               .where = line_of(path, error.source()),
               .what = "not valid TOML: " + what,
               .fix = {},
               .cause = nullptr};
}

// As it was written: 10.0 is not 10.
std::string number_text(double number) {
  const std::string text = fmt::format("{}", number);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

Node* Node::find(std::string_view key) {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

void Node::put(const std::string& key, Node node) {
  if (Node* present = find(key)) {
    *present = std::move(node);
    return;
  }
  keys.push_back(key);
  items.push_back(std::move(node));
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::boolean: return node.boolean ? "true" : "false";
    case Node::Kind::integer: return fmt::format("{}", node.integer);
    case Node::Kind::number: return number_text(node.number);
    case Node::Kind::text: return fmt::format("{:?}", node.text.substr(0, 60));
    case Node::Kind::date: return "the date " + node.text;
    case Node::Kind::list: return "a list";
    case Node::Kind::table: return "a table";
  }
  return "a value";
}

Result<Node> parse_tree(std::string_view text, const std::string& path) {
  if (text.size() > kMaxRunFileBytes) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = path,
                 .what = fmt::format("{} bytes are too many for a run file (at most {})", text.size(), kMaxRunFileBytes),
                 .fix = "is this the right file?",
                 .cause = nullptr};
  }
  if (const auto deep = find_too_deep(text)) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = fmt::format("{}:{}", path, deep->line),
                 .what = deep->what,
                 .fix = "write it less deep",
                 .cause = nullptr};
  }
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) return bad_syntax(parsed.error(), path);
  return Converter(path, {}).convert(parsed.table());
}

Node parse_assigned(const std::string& value, const std::string& place) {
  const std::string line = "value = " + value;
  if (!find_too_deep(line)) {
    const toml::parse_result parsed = toml::parse(line, place);
    if (parsed && parsed.table().size() == 1) return Converter({}, place).convert(parsed.table().begin()->second);
  }
  Node node;
  node.kind = Node::Kind::text;
  node.text = value;
  node.place = place;
  return node;
}

}  // namespace intertie::site
