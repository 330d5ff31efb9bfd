// A run file before its values have a meaning: tables, lists and scalars that know where they were written, so that every
// later error can name the place. The only part that sees the TOML library. Values; pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"

namespace intertie::site {

struct Node {
  enum class Kind { boolean, integer, number, text, date, list, table };
  Kind kind = Kind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;               // of a text or a date
  std::vector<std::string> keys;  // of a table, in step with `items`
  std::vector<Node> items;        // of a list or a table
  std::string place;              // "run.toml:14" or "--set sync.every=0"

  const Node* find(std::string_view key) const;  // of a table; null when absent
  Node* find(std::string_view key);
  void put(const std::string& key, Node node);  // into a table; replaces
};

// What the value is, for messages: `the text "abc"`, `the number 3`, `a list`.
std::string describe(const Node& node);

inline constexpr std::size_t kMaxRunFileBytes = 1 << 20;

// Errors (reconfigure) carry `path:line`.
Result<Node> parse_tree(std::string_view text, const std::string& path);

// A value from the command line: read as TOML, else taken as text, so that a shell needs no quotes within quotes.
Node parse_assigned(const std::string& value, const std::string& place);

// Applies "sync.every=10", "site.columbus.local_batch_size=4" or "link.ashburn-columbus.rate=10 Mbit/s" (of the first path).
// The place of what it sets is "--set " and the assignment.
Result<void> override_tree(Node& root, const std::string& assignment);

// Puts `paths` in the place of [data] train: what `--data` names, any bytes, never read as TOML.
Result<void> override_data(Node& root, const std::vector<std::string>& paths);

}  // namespace intertie::site
