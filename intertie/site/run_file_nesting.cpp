#include "intertie/site/run_file_nesting.h"

#include <algorithm>

namespace intertie::site {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<TooDeep> scan() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else {
        ++at_;
        if (const auto deep = take(c)) return deep;
      }
    }
    return std::nullopt;
  }

 private:
  // A character outside strings and comments.
  std::optional<TooDeep> take(char c) {
    if (c == '.') {
      if (++parts_ > kDeepestNesting) return TooDeep{line_, "a key has more than 32 parts"};
      return std::nullopt;
    }
    const bool ends_key = std::string_view("\n=,[]{}").find(c) != std::string_view::npos;
    if (ends_key) parts_ = 1;
    if (c == '\n') ++line_;
    if (c == ']' || c == '}') depth_ = std::max(0, depth_ - 1);
    if ((c == '[' || c == '{') && ++depth_ > kDeepestNesting)
      return TooDeep{line_, "lists or tables lie more than 32 deep in each other"};
    return std::nullopt;
  }

  void skip_string(char quote) {
    const bool long_form = text_.substr(at_).starts_with(std::string_view(quote == '"' ? R"(""")" : "'''"));
    at_ += long_form ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !long_form) return;  // never closed: an error of syntax
      if (c == '\n') ++line_;
      if (c == quote && (!long_form || closes_long(quote))) return close(quote, long_form);
      at_ += c == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n' ? 2 : 1;
    }
  }

  bool closes_long(char quote) const { return at_ + 2 < text_.size() && text_[at_ + 1] == quote && text_[at_ + 2] == quote; }

  // Up to two quotes before the three that close a string are its own.
  void close(char quote, bool long_form) {
    const std::size_t most = long_form ? 5 : 1;
    for (std::size_t i = 0; i < most && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  int parts_ = 1;
  int depth_ = 0;
};

}  // namespace

std::optional<TooDeep> find_too_deep(std::string_view text) { return Scanner(text).scan(); }

}  // namespace intertie::site
