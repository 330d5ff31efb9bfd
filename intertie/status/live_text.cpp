#include "intertie/status/live_text.h"

#include <algorithm>
#include <array>

#include "intertie/base/utf8.h"

namespace intertie::status {
namespace {

struct CodeRange {
  char32_t first, last;
};
// Combining marks, joiners and variation selectors; of the Unicode Character Database 15, the blocks that texts have.
constexpr std::array<CodeRange, 9> kNoColumn = {{{0x0300, 0x036F},
                                                 {0x0483, 0x0489},
                                                 {0x0591, 0x05BD},
                                                 {0x0610, 0x061A},
                                                 {0x064B, 0x065F},
                                                 {0x200B, 0x200F},
                                                 {0x20D0, 0x20F0},
                                                 {0xFE00, 0xFE0F},
                                                 {0xE0100, 0xE01EF}}};
// East Asian Wide and Fullwidth, and emoji.
constexpr std::array<CodeRange, 9> kTwoColumns = {{{0x1100, 0x115F},
                                                   {0x2E80, 0x303E},
                                                   {0x3041, 0xA4CF},
                                                   {0xAC00, 0xD7A3},
                                                   {0xF900, 0xFAFF},
                                                   {0xFE30, 0xFE6F},
                                                   {0xFF00, 0xFF60},
                                                   {0x1F300, 0x1FAFF},
                                                   {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool is_in(char32_t c, const std::array<CodeRange, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const CodeRange& range) { return c >= range.first && c <= range.last; });
}

struct Glyph {
  std::string_view bytes;
  int columns = 1;
};

// The next character, which `text` is shortened by; what must not reach a terminal is "?".
Glyph take_glyph(std::string_view& text) {
  const std::string_view before = text;
  const auto code = take_code_point(text);
  if (!code) text.remove_prefix(1);
  if (!code || *code < 0x20 || (*code >= 0x7F && *code < 0xA0)) return {"?", 1};
  return {before.substr(0, before.size() - text.size()), is_in(*code, kNoColumn) ? 0 : is_in(*code, kTwoColumns) ? 2 : 1};
}

const char* code_of(LiveStyle style) {
  switch (style) {
    case LiveStyle::plain: return "";
    case LiveStyle::bold: return "1";
    case LiveStyle::dim: return "2";
    case LiveStyle::good: return "32";
    case LiveStyle::warn: return "33";
    case LiveStyle::bad: return "1;31";
    case LiveStyle::computing: return "34";
    case LiveStyle::waiting: return "33";
    case LiveStyle::encoding: return "35";
    case LiveStyle::chosen: return "7";
  }
  return "";
}

}  // namespace

int columns_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) columns += take_glyph(text).columns;
  return columns;
}

int columns_of(const LiveLine& line) {
  int columns = 0;
  for (const LiveSpan& span : line) columns += columns_of(span.text);
  return columns;
}

std::string fit(std::string_view text, int columns, bool unicode) {
  const bool whole = columns_of(text) <= columns;
  const int room = whole ? columns : std::max(0, columns - 1);
  std::string out;
  int used = 0;
  while (!text.empty()) {
    const Glyph glyph = take_glyph(text);
    if (used + glyph.columns > room) break;
    out += glyph.bytes;
    used += glyph.columns;
  }
  if (!whole && columns > 0) out += unicode ? "…" : "~";
  return out;
}

LiveLine fit(const LiveLine& line, int columns, bool unicode) {
  LiveLine out;
  for (const LiveSpan& span : line) {
    const int before = columns;
    out.push_back({fit(span.text, columns, unicode), span.style});
    columns -= columns_of(span.text);
    if (columns < 0) {
      if (before <= 0) out.pop_back();
      break;
    }
  }
  return out;
}

LiveLine pad_right(LiveLine line, int columns, bool unicode) {
  line = fit(line, columns, unicode);
  const int left = columns - columns_of(line);
  if (left > 0) line.push_back({std::string(static_cast<std::size_t>(left), ' '), LiveStyle::plain});
  return line;
}

LiveLine pad_left(LiveLine line, int columns, bool unicode) {
  line = fit(line, columns, unicode);
  const int left = columns - columns_of(line);
  if (left > 0) line.insert(line.begin(), {std::string(static_cast<std::size_t>(left), ' '), LiveStyle::plain});
  return line;
}

std::vector<std::string> wrap(std::string_view text, int columns, int max_lines, bool unicode) {
  std::vector<std::string> lines;
  while (!text.empty() && static_cast<int>(lines.size()) < max_lines) {
    if (columns_of(text) <= columns || static_cast<int>(lines.size()) + 1 == max_lines) {
      lines.push_back(fit(text, columns, unicode));
      break;
    }
    // As many characters as there is room for, back to the last space among them.
    std::string_view rest = text;
    for (int used = 0; !rest.empty();) {
      std::string_view next = rest;
      used += take_glyph(next).columns;
      if (used > columns && rest.size() < text.size()) break;
      rest = next;
    }
    const std::size_t most = text.size() - rest.size();
    const std::size_t space = rest.starts_with(' ') ? most : text.substr(0, most).rfind(' ');
    const std::size_t end = space == std::string_view::npos || space == 0 ? most : space;
    lines.push_back(fit(text.substr(0, end), columns, unicode));
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

std::string terminal_text(const LiveLine& line, bool colour) {
  std::string out;
  for (const LiveSpan& span : line) {
    const std::string_view code = colour ? code_of(span.style) : "";
    if (!code.empty()) out.append("\x1b[").append(code).append("m");
    out += span.text;
    if (!code.empty()) out += "\x1b[0m";
  }
  return out;
}

}  // namespace intertie::status
