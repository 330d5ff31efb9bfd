#include "intertie/status/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "intertie/base/units.h"

namespace intertie::status {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool countable(double value) { return value >= 0 && value <= 1e18; }

// The length of what stands at the start of `text` and must not be shown as it is; 0: nothing. C1 controls are C2 80..9F; the
// others are U+200E, U+200F, U+202A..E and U+2066..9.
std::size_t unprintable(std::string_view text) {
  const auto byte = [text](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  if ((byte(0) < 0x20 && byte(0) != '\n' && byte(0) != '\t') || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;
  if (byte(0) != 0xe2) return 0;
  const bool marks = byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xaa && byte(2) <= 0xae));
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
  return marks || isolates ? 3 : 0;
}

std::string_view entity(char symbol) {
  switch (symbol) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

}  // namespace

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  return std::abs(value) < 1e9 ? fmt::format("{:.{}f}", value, decimals) : fmt::format("{:.2e}", value);
}

std::string percent_to_string(double share) {
  if (!std::isfinite(share)) return "-";
  const double percent = 100 * share;
  return fmt::format("{:.{}f} %", percent, percent > 0 && percent < 9.95 ? 1 : 0);
}

std::string amount_to_string(double count) {
  return countable(count) ? count_to_string(static_cast<std::uint64_t>(std::llround(count))) : "-";
}

std::string bytes_to_string(double bytes) {
  return countable(bytes) ? to_string(Bytes{static_cast<std::uint64_t>(std::llround(bytes))}) : "-";
}

std::string mbit_to_string(double mbit_per_second) {
  return countable(mbit_per_second) ? to_string(BitRate{mbit_per_second * 1e6}) : "-";
}

std::string seconds_to_string(double seconds) {
  constexpr double kYear = 365.0 * 24 * 3600;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 100 * kYear) return "-";
  return intertie::to_string(Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

std::string milliseconds_to_string(double ms) {
  return std::isfinite(ms) ? fmt::format("{:.{}f} ms", ms, ms < 9.95 ? 2 : 1) : "-";
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = unprintable(text);
    const std::string_view instead = length > 0 ? kReplacement : entity(text.front());
    out += instead.empty() ? text.substr(0, 1) : instead;
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

}  // namespace intertie::status
