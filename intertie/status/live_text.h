// Text for a terminal: how many columns it takes, and lines of styled pieces that never take more than they may. What is no
// UTF-8 and what a terminal would obey are shown as "?". Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intertie::status {

// What the terminal can show.
struct LiveLook {
  bool colour = true;
  bool unicode = true;  // else ASCII
};

enum class LiveStyle { plain, bold, dim, good, warn, bad, computing, waiting, encoding, chosen };

struct LiveSpan {
  std::string text;
  LiveStyle style = LiveStyle::plain;
};
using LiveLine = std::vector<LiveSpan>;

// Columns that `text` takes: 2 for wide characters (East Asian, emoji), 0 for combining ones.
int columns_of(std::string_view text);
int columns_of(const LiveLine& line);

// `text` in at most `columns`, with an ellipsis where something is left out.
std::string fit(std::string_view text, int columns, bool unicode);
LiveLine fit(const LiveLine& line, int columns, bool unicode);

// At the left or right of exactly `columns`.
LiveLine pad_right(LiveLine line, int columns, bool unicode);
LiveLine pad_left(LiveLine line, int columns, bool unicode);

// Words on lines of at most `columns`, at most `max_lines` of them: the last has an ellipsis where something is left out.
std::vector<std::string> wrap(std::string_view text, int columns, int max_lines, bool unicode);

// The line as bytes for the terminal; with colour, each styled piece ends with a reset.
std::string terminal_text(const LiveLine& line, bool colour);

}  // namespace intertie::status
