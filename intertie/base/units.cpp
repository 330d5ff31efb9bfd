#include "intertie/base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include "intertie/base/nearest.h"

namespace intertie {
namespace {

struct Unit {
  std::string_view name;
  double scale;  // in the quantity's base unit; a whole number below 2^53, so that products with whole numbers are exact
};

// One quantity: its units, smallest first, and how an example in a message is written.
struct Quantity {
  std::span<const Unit> units;
  std::string_view example_number;
  std::string_view example_unit;
};

constexpr std::array kBitRates{Unit{"bit/s", 1}, Unit{"kbit/s", 1e3}, Unit{"Mbit/s", 1e6}, Unit{"Gbit/s", 1e9},
                               Unit{"Tbit/s", 1e12}};
constexpr std::array kDurations{Unit{"ns", 1},     Unit{"us", 1e3},    Unit{"ms", 1e6},    Unit{"s", 1e9},
                                Unit{"min", 60e9}, Unit{"h", 3'600e9}, Unit{"d", 86'400e9}};
constexpr std::array kByteSizes{Unit{"B", 1},
                                Unit{"kB", 1e3},
                                Unit{"MB", 1e6},
                                Unit{"GB", 1e9},
                                Unit{"TB", 1e12},
                                Unit{"KiB", 1024},
                                Unit{"MiB", 1024.0 * 1024},
                                Unit{"GiB", 1024.0 * 1024 * 1024},
                                Unit{"TiB", 1024.0 * 1024 * 1024 * 1024}};
constexpr std::array kPowers{Unit{"W", 1}, Unit{"kW", 1e3}, Unit{"MW", 1e6}, Unit{"GW", 1e9}};
constexpr std::array kCounts{Unit{"", 1}, Unit{"k", 1e3}, Unit{"M", 1e6}, Unit{"B", 1e9}, Unit{"T", 1e12}};

constexpr Quantity kBitRate{kBitRates, "100", "Mbit/s"};
constexpr Quantity kDuration{kDurations, "20", "ms"};
constexpr Quantity kByteSize{kByteSizes, "64", "MiB"};
constexpr Quantity kPower{kPowers, "30", "MW"};
constexpr Quantity kCount{kCounts, "20", "M"};

struct Parsed {
  double number = 0;
  double scale = 1;
};

Error wrong(std::string what, std::string fix) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

std::string example(const Quantity& quantity, std::string_view number) {
  return fmt::format("write for example \"{} {}\"", number, quantity.example_unit);
}
std::string example(const Quantity& quantity) { return example(quantity, quantity.example_number); }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "20_000" -> "20000"; an underscore that is not between digits stays, and is then no part of a number.
std::string without_digit_separators(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator = text[i] == '_' && i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (!separator) result += text[i];
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

Error unknown_unit(std::string_view unit, const Quantity& quantity) {
  std::vector<std::string> names;
  for (const Unit& valid : quantity.units) {
    if (!valid.name.empty()) names.emplace_back(valid.name);
  }
  const auto same_letters = [&](const std::string& name) { return lower(name) == lower(unit); };
  const auto other_case = std::find_if(names.begin(), names.end(), same_letters);
  const std::string meant = other_case != names.end() ? *other_case : nearest(unit, names);
  std::string fix = meant.empty() ? std::string() : fmt::format("did you mean \"{}\"? ", meant);
  fix += fmt::format("units are {}", fmt::join(names, ", "));
  return wrong(fmt::format("unknown unit {:?}", unit), std::move(fix));
}

// The number at the start of `text`, not negative and finite; `rest` becomes what follows it.
Result<double> leading_number(std::string_view text, const Quantity& quantity, std::string_view& rest) {
  if (text.empty()) return wrong("no value", example(quantity));
  double number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status == std::errc::result_out_of_range) return wrong("number out of range", example(quantity));
  if (status != std::errc() || !std::isfinite(number)) {
    return wrong(fmt::format("{:?} does not begin with a number", text), example(quantity));
  }
  if (text.front() == '-') return wrong("must not be negative", example(quantity));
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

Result<Parsed> parse(std::string_view written, const Quantity& quantity) {
  const std::string text = without_digit_separators(trimmed(written));
  std::string_view rest;
  INTERTIE_ASSIGN(const double number, leading_number(text, quantity, rest));
  const std::string_view unit = trimmed(rest);
  for (const Unit& valid : quantity.units) {
    if (unit == valid.name) return Parsed{number, valid.scale};
  }
  if (unit.empty()) return wrong("missing unit", example(quantity, text));
  return unknown_unit(unit, quantity);
}

// As parse, in the base unit, for quantities that may have a fraction.
Result<double> parse_real(std::string_view text, const Quantity& quantity) {
  INTERTIE_ASSIGN(const Parsed parsed, parse(text, quantity));
  const double value = parsed.number * parsed.scale;
  if (!std::isfinite(value)) return wrong("number out of range", example(quantity));
  return value;
}

// As parse_real, for quantities that are counted. The tolerance takes in what decimal fractions lose as binary ones: 1.005 k.
Result<std::uint64_t> parse_whole(std::string_view text, const Quantity& quantity) {
  INTERTIE_ASSIGN(const double value, parse_real(text, quantity));
  if (value >= 0x1p64) return wrong("number out of range", example(quantity));
  const double whole = std::round(value);
  if (std::abs(value - whole) > 1e-9 * std::max(1.0, value)) return wrong("not a whole number", example(quantity));
  return static_cast<std::uint64_t>(whole);
}

// Three significant digits; `value` in [0, 1000) once rounded, or anything in the largest unit.
std::string three_digits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

// `value` in the largest of `units` in which it is at least 1 when rounded to three digits; plain in the base unit if whole.
std::string scaled(double value, std::span<const Unit> units) {
  std::size_t chosen = 0;
  while (chosen + 1 < units.size() && value >= 0.9995 * units[chosen + 1].scale) ++chosen;
  const Unit& unit = units[chosen];
  const bool plain = chosen == 0 && value == std::floor(value);
  const std::string number = plain ? fmt::format("{:.0f}", value) : three_digits(value / unit.scale);
  return unit.name.empty() ? number : fmt::format("{} {}", number, unit.name);
}

std::string two_parts(std::uint64_t small_units, std::uint64_t per_large, std::string_view large, std::string_view small) {
  const std::uint64_t rest = small_units % per_large;
  std::string text = fmt::format("{} {}", small_units / per_large, large);
  if (rest != 0) text += fmt::format(" {} {}", rest, small);
  return text;
}

}  // namespace

Result<BitRate> parse_bit_rate(std::string_view text) {
  INTERTIE_ASSIGN(const double value, parse_real(text, kBitRate));
  return BitRate{value};
}

Result<Duration> parse_duration(std::string_view text) {
  INTERTIE_ASSIGN(const double value, parse_real(text, kDuration));
  if (value >= 0x1p63) return wrong("number out of range", example(kDuration));
  return Duration(static_cast<std::int64_t>(std::round(value)));
}

Result<Bytes> parse_bytes(std::string_view text) {
  INTERTIE_ASSIGN(const std::uint64_t value, parse_whole(text, kByteSize));
  return Bytes{value};
}

Result<Watts> parse_watts(std::string_view text) {
  INTERTIE_ASSIGN(const double value, parse_real(text, kPower));
  return Watts{value};
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const std::string plain = without_digit_separators(trimmed(text));
  std::uint64_t exact = 0;  // above 2^53 a double would round
  const auto [end, status] = std::from_chars(plain.data(), plain.data() + plain.size(), exact);
  if (status == std::errc() && end == plain.data() + plain.size()) return exact;
  return parse_whole(text, kCount);
}

std::string to_string(BitRate rate) { return scaled(rate.bits_per_second, kBitRates); }

std::string to_string(Bytes bytes) { return scaled(static_cast<double>(bytes.value), std::span(kByteSizes).first(5)); }

std::string to_string(Watts power) { return scaled(power.value, kPowers); }

std::string count_to_string(std::uint64_t count) { return scaled(static_cast<double>(count), kCounts); }

std::string to_string(Duration duration) {
  if (duration.count() < 0) {
    // The most negative value has no positive twin.
    return "-" + to_string(Duration(-std::max(duration.count(), -std::numeric_limits<std::int64_t>::max())));
  }
  const double ns = static_cast<double>(duration.count());
  if (ns < 59.95e9) return scaled(ns, std::span(kDurations).first(4));
  const auto seconds = static_cast<std::uint64_t>(std::round(ns / 1e9));
  if (seconds < 3600) return two_parts(seconds, 60, "min", "s");
  const std::uint64_t minutes = (seconds + 30) / 60;
  if (minutes < 24 * 60) return two_parts(minutes, 60, "h", "min");
  return two_parts((minutes + 30) / 60, 24, "d", "h");
}

}  // namespace intertie
