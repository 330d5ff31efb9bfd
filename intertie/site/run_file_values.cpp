#include "intertie/site/run_file_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "intertie/base/nearest.h"

namespace intertie::site {
namespace {

using Kind = Node::Kind;
using train::Stretch;

Error bad(const Node& node, std::string what, std::string fix = {}) {
  return Error{
      .code = ErrorCode::reconfigure, .where = node.place, .what = std::move(what), .fix = std::move(fix), .cause = nullptr};
}

bool is_number(const Node& node) { return node.kind == Kind::integer || node.kind == Kind::number; }

// A quantity with a unit through one of base's parsers, whose words about what is wrong follow the value.
template <class V>
Result<V> quantity(const Node& node, Result<V> (*parse)(std::string_view)) {
  if (node.kind != Kind::text && !is_number(node)) return unfit(node, "a text with a number and a unit");
  Result<V> value = parse(node.kind == Kind::text ? node.text : describe(node));
  if (!value) return bad(node, fmt::format("= {}: {}", describe(node), value.error().what), value.error().fix);
  if (node.kind != Kind::text) return bad(node, fmt::format("= {}: must be a text", describe(node)), "put it in quotes");
  return value;
}

std::string bounds(const Interval& in) {
  const std::string high = in.high == std::numeric_limits<double>::infinity() ? "" : fmt::format("{}", in.high);
  if (high.empty()) return fmt::format("a number {} {}", in.low_open ? "above" : "of at least", in.low);
  return fmt::format("a number {} {} and {} {}", in.low_open ? "above" : "of at least", in.low,
                     in.high_open ? "below" : "at most", high);
}

bool inside(double value, const Interval& in) {
  const bool above = in.low_open ? value > in.low : value >= in.low;
  const bool below = in.high_open ? value < in.high : value <= in.high;
  return std::isfinite(value) && above && below;
}

// "200 steps": the number before the word; empty when the word is not there.
std::string before_word(const std::string& text, std::string_view word) {
  if (text.size() <= word.size() || !text.ends_with(word)) return {};
  std::string head = text.substr(0, text.size() - word.size());
  while (!head.empty() && head.back() == ' ') head.pop_back();
  return head;
}

bool has_scale(const std::string& text) { return !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0; }

Result<Stretch> read_stretch(const Node& node) {
  const std::string wanted = R"("200 steps" or "2 M tokens")";
  if (is_number(node)) return bad(node, "has no unit", "write it as " + wanted);
  if (node.kind != Kind::text) return unfit(node, "a stretch such as " + wanted);
  const std::string steps = before_word(node.text, node.text.ends_with("step") ? "step" : "steps");
  const std::string tokens = before_word(node.text, "tokens");
  const std::string count = !steps.empty() ? steps : !tokens.empty() ? tokens : node.text;
  if (count == node.text && !has_scale(count)) return bad(node, "has no unit", "write it as " + wanted);
  const Result<std::uint64_t> value = parse_count(count);
  if (!value) return bad(node, "is not understood: " + value.error().what, "write it as " + wanted);
  return Stretch{.count = *value, .steps = !steps.empty()};
}

std::string write_stretch(const Stretch& stretch) {
  return fmt::format("{} {}", stretch.count, stretch.steps ? "steps" : "tokens");
}

bool fits_name(const std::string& text) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 63 && text.front() != '-' && std::all_of(text.begin(), text.end(), good);
}

// A text that must be one of `available`; those of `later` have a line of their own.
Result<std::string> read_choice(const Node& node, const std::vector<std::string>& available,
                                const std::vector<std::string>& later) {
  const std::string list = fmt::format("{}", fmt::join(available, ", "));
  if (node.kind != Kind::text) return unfit(node, "one of " + list);
  if (std::find(available.begin(), available.end(), node.text) != available.end()) return node.text;
  if (std::find(later.begin(), later.end(), node.text) != later.end()) {
    return bad(node, fmt::format("= \"{}\" is not available yet", node.text), "choose one of " + list);
  }
  const std::string close = nearest(node.text, available);
  return bad(node, "must be one of " + list + ", not " + describe(node),
             close.empty() ? "" : "did you mean \"" + close + "\"?");
}

}  // namespace

bool is_name(const Node& node) { return node.kind == Kind::text && fits_name(node.text); }

Error unfit(const Node& node, const std::string& wanted) { return bad(node, "must be " + wanted + ", not " + describe(node)); }

ValueType<int> whole(int low, int high) {
  const std::string words = high == std::numeric_limits<int>::max() ? fmt::format("whole number from {}", low)
                                                                    : fmt::format("whole number from {} to {}", low, high);
  return {words,
          [=](const Node& node) -> Result<int> {
            if (node.kind != Kind::integer || node.integer < low || node.integer > high) return unfit(node, "a " + words);
            return static_cast<int>(node.integer);
          },
          [](const int& value) { return fmt::format("{}", value); }};
}

ValueType<std::uint64_t> large_whole(std::uint64_t low, std::uint64_t high) {
  const std::string upper = high == INT64_MAX ? "" : fmt::format(" to {}", high);
  const std::string words = fmt::format("whole number from {}{}, or a text such as \"20 M\"", low, upper);
  return {words,
          [=](const Node& node) -> Result<std::uint64_t> {
            std::uint64_t value = 0;
            if (node.kind == Kind::text) {
              INTERTIE_ASSIGN(value, quantity<std::uint64_t>(node, parse_count));
            } else if (node.kind == Kind::integer && node.integer >= 0) {
              value = static_cast<std::uint64_t>(node.integer);
            } else {
              return unfit(node, "a " + words);
            }
            if (value < low || value > high) return unfit(node, "a " + words);
            return value;
          },
          [](const std::uint64_t& value) { return fmt::format("{}", value); }};
}

ValueType<double> number(Interval interval) {
  return {bounds(interval),
          [=](const Node& node) -> Result<double> {
            const double value = node.kind == Kind::integer ? static_cast<double>(node.integer) : node.number;
            if (!is_number(node) || !inside(value, interval)) return unfit(node, bounds(interval));
            return value;
          },
          [](const double& value) { return fmt::format("{}", value); }};
}

ValueType<bool> flag() {
  return {"true or false",
          [](const Node& node) -> Result<bool> {
            if (node.kind != Kind::boolean) return unfit(node, "true or false");
            return node.boolean;
          },
          [](const bool& value) { return std::string(value ? "true" : "false"); }};
}

ValueType<std::string> text(std::string words) {
  return {words,
          [words](const Node& node) -> Result<std::string> {
            if (node.kind != Kind::text || node.text.empty()) return unfit(node, "a text: " + words);
            return node.text;
          },
          [](const std::string& value) { return value; }};
}

ValueType<std::string> name() {
  const std::string words = "name of at most 63 lower-case letters, digits and hyphens";
  return {words,
          [words](const Node& node) -> Result<std::string> {
            if (!is_name(node)) return unfit(node, "a " + words);
            return node.text;
          },
          [](const std::string& value) { return value; }};
}

ValueType<std::string> one_of(std::vector<std::string> allowed) {
  const std::string words = fmt::format("{}", fmt::join(allowed, ", "));
  return {words, [allowed = std::move(allowed)](const Node& node) { return read_choice(node, allowed, {}); },
          [](const std::string& value) { return value; }};
}

ValueType<std::vector<std::string>> texts(std::string words) {
  return {words,
          [words](const Node& node) -> Result<std::vector<std::string>> {
            if (node.kind == Kind::text && !node.text.empty()) return std::vector<std::string>{node.text};
            if (node.kind == Kind::list && node.items.empty()) return bad(node, "must not be empty", "write " + words);
            if (node.kind != Kind::list) return unfit(node, "a list of texts: " + words);
            std::vector<std::string> values;
            for (const Node& item : node.items) {
              if (item.kind != Kind::text || item.text.empty()) return unfit(item, "a list of texts: " + words);
              values.push_back(item.text);
            }
            return values;
          },
          [](const std::vector<std::string>& values) { return fmt::format("{}", fmt::join(values, ", ")); }};
}

ValueType<Duration> duration(Duration low, Duration high) {
  const std::string example = R"("20 ms" or "2 min")";
  return {"duration such as " + example,
          [=](const Node& node) -> Result<Duration> {
            INTERTIE_ASSIGN(const Duration value, quantity<Duration>(node, parse_duration));
            if (value < low || value > high) {
              const bool year = high == std::chrono::hours(24 * 365);
              return unfit(node, "at least " + to_string(low) + " and at most " + (year ? "a year" : to_string(high)));
            }
            return value;
          },
          [](const Duration& value) { return to_string(value); }};
}

ValueType<BitRate> bit_rate() {
  const std::string example = R"("100 Mbit/s")";
  return {"rate such as " + example,
          [=](const Node& node) -> Result<BitRate> {
            INTERTIE_ASSIGN(const BitRate value, quantity<BitRate>(node, parse_bit_rate));
            if (!inside(value.bits_per_second, {.low = 1e4, .high = 1e18}))
              return unfit(node, "a rate of at least 10 kbit/s and at most 1e18 bit/s");
            return value;
          },
          [](const BitRate& value) { return to_string(value); }};
}

ValueType<double> mebibytes() {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  return {R"(size such as "4 MiB")",
          [](const Node& node) -> Result<double> {
            INTERTIE_ASSIGN(const Bytes value, quantity<Bytes>(node, parse_bytes));
            const double size = static_cast<double>(value.value) / kMebibyte;
            if (!inside(size, {.low = 1.0 / 64, .high = 65536}))
              return unfit(node, "at least 16 KiB (one block) and at most 64 GiB");
            return size;
          },
          [](const double& value) { return fmt::format("{} MiB", value); }};
}

ValueType<Watts> watts() {
  return {R"(power such as "30 MW", or a .csv file by the hour)",
          [](const Node& node) -> Result<Watts> {
            if (node.kind == Kind::text && node.text.ends_with(".csv")) return Watts{};
            INTERTIE_ASSIGN(const Watts value, quantity<Watts>(node, parse_watts));
            if (!(value.value > 0)) return unfit(node, "above 0 W");
            return value;
          },
          [](const Watts& value) { return to_string(value); }};
}

ValueType<env::Address> address() {
  return {R"(address such as "ashburn.example:7400")",
          [](const Node& node) -> Result<env::Address> {
            const std::string wanted = R"(an address such as "ashburn.example:7400")";
            if (node.kind != Kind::text) return unfit(node, wanted);
            const Result<env::Address> value = env::parse_address(node.text);
            if (!value || value->port == 0) return unfit(node, wanted);
            return *value;
          },
          [](const env::Address& value) { return env::to_string(value); }};
}

ValueType<Encoding> encoding() {
  return {"f32, bf16, int8, fp4",
          [](const Node& node) -> Result<Encoding> {
            INTERTIE_ASSIGN(const std::string name, read_choice(node, {"f32", "bf16", "int8", "fp4"}, {"sparse"}));
            return *encoding_from(name);
          },
          [](const Encoding& value) { return std::string(to_string(value)); }};
}

ValueType<sync::Method> method() {
  return {"synchronous, diloco",
          [](const Node& node) -> Result<sync::Method> {
            INTERTIE_ASSIGN(const std::string name,
                            read_choice(node, {"synchronous", "diloco"}, {"auto", "streaming", "decoupled"}));
            return name == "diloco" ? sync::Method::diloco : sync::Method::synchronous;
          },
          [](const sync::Method& value) { return std::string(value == sync::Method::diloco ? "diloco" : "synchronous"); }};
}

ValueType<Stretch> stretch(std::uint64_t low) {
  return {R"(stretch such as "200 steps" or "2 M tokens")",
          [=](const Node& node) -> Result<Stretch> {
            INTERTIE_ASSIGN(const Stretch value, read_stretch(node));
            if (value.count < low) return unfit(node, fmt::format("at least {}", low));
            if (value.count > (std::uint64_t{1} << 60)) return unfit(node, "at most 1e18");
            return value;
          },
          write_stretch};
}

}  // namespace intertie::site
