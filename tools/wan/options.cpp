#include "tools/wan/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>

namespace intertie::wan {
namespace {

constexpr std::size_t kMostSites = 200;  // addresses end in 1 to 200
constexpr std::size_t kMostPaths = 16;
constexpr std::size_t kLongestName = 40;

Error wrong_option(std::string what) {
  return {.code = ErrorCode::reconfigure, .where = "wan", .what = std::move(what), .fix = {}, .cause = {}};
}

std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream in(text);
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);
  return names;
}

// They become names of namespaces, and words of commands.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

template <class Number>
bool read_number(const std::string& text, Number& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc() && end == text.data() + text.size();
}

Result<void> read_whole(const std::string& option, const std::string& value, std::uint64_t& number) {
  return read_number(value, number) ? Result<void>()
                                    : wrong_option(fmt::format("{} is a whole number, not {:?}", option, value));
}

Result<void> check(const Options& options) {
  std::vector<std::string> sorted = options.sites;
  std::sort(sorted.begin(), sorted.end());
  const bool names =
      is_name(options.prefix) && is_name(options.congestion_control) && std::all_of(sorted.begin(), sorted.end(), is_name);
  if (!names) return wrong_option("names are of lower-case letters, digits and hyphens");
  if (sorted.size() < 2 || sorted.size() > kMostSites) {
    return wrong_option("--sites needs 2 to 200 names, separated by commas");
  }
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return wrong_option("a site is named twice");
  if (options.paths < 1 || options.paths > kMostPaths) return wrong_option("--paths is 1 to 16");
  return {};
}

template <class T>
Result<void> keep(Result<T> read, T& value) {
  INTERTIE_ASSIGN(value, std::move(read));
  return {};
}

Result<void> read_option(const std::string& name, const std::string& value, Options& options) {
  if (name == "--sites") {
    options.sites = names_in(value);
  } else if (name == "--prefix") {
    options.prefix = value;
  } else if (name == "--cc") {
    options.congestion_control = value;
  } else if (name == "--rtt") {
    return keep(parse_duration(value), options.round_trip);
  } else if (name == "--queue") {
    return keep(parse_duration(value), options.queue);
  } else if (name == "--rate") {
    return keep(parse_rate(value), options.rate);
  } else if (name == "--loss") {
    return keep(parse_percent(value), options.loss);
  } else if (name == "--seed") {
    return read_whole(name, value, options.seed);
  } else if (name == "--paths") {
    return read_whole(name, value, options.paths);
  } else {
    return wrong_option(fmt::format("no option {}; {}", name, kUsage));
  }
  return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--ipv6") {
      options.ipv6 = true;
      continue;
    }
    if (i + 1 == words.size()) return wrong_option(fmt::format("no value for {}; {}", words[i], kUsage));
    const Result<void> read = read_option(words[i], words[i + 1], options);
    if (!read) return read.error().where.empty() ? read.error().in("wan: " + words[i]) : read.error();
    ++i;
  }
  INTERTIE_RETURN_IF_ERROR(check(options));
  return options;
}

Result<double> parse_percent(const std::string& text) {
  double percent = 0;
  const bool read = text.ends_with('%') && read_number(text.substr(0, text.size() - 1), percent);
  if (read && percent >= 0 && percent <= 100) return percent / 100;
  return Error{.code = ErrorCode::reconfigure,
               .where = {},
               .what = fmt::format("{:?} is no share of packets", text),
               .fix = "write for example 0.01%",
               .cause = {}};
}

Result<BitRate> parse_rate(const std::string& text) {
  return text == "off" ? Result<BitRate>(BitRate{0}) : parse_bit_rate(text);
}

Lines lines_of(const Options& options, Pool& pool) {
  Lines lines(pool, {options.sites.size(), options.paths}, options.seed);
  for (std::size_t path = 0; path < options.paths; ++path) {
    for (std::size_t from = 0; from < options.sites.size(); ++from) {
      for (Limiter* each : {&lines.access(from, path).up, &lines.access(from, path).down}) {
        each->rate = options.rate;
        each->queue = options.queue;
      }
      for (std::size_t to = 0; to < options.sites.size(); ++to) {
        Line& line = lines.line({from, to, path});
        line.delay = options.round_trip / 2;
        line.loss.set(options.loss);
        line.limiter.queue = options.queue;
      }
    }
  }
  return lines;
}

}  // namespace intertie::wan
