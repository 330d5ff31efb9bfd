#include "tools/wan/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

namespace intertie::wan {
namespace {

constexpr std::size_t kMostSites = 200;  // addresses end in 1 to 200
constexpr std::size_t kLongestName = 40;

Error wrong(std::string what) {
  return {.code = ErrorCode::reconfigure, .where = "wan", .what = std::move(what), .fix = {}, .cause = {}};
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, at);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

// They become names of namespaces, and words of commands.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::optional<std::size_t> find(const std::string& site, const std::vector<std::string>& sites) {
  const auto found = std::find(sites.begin(), sites.end(), site);
  if (found == sites.end()) return std::nullopt;
  return static_cast<std::size_t>(found - sites.begin());
}

Result<void> check(const Options& options) {
  std::vector<std::string> sorted = options.sites;
  std::sort(sorted.begin(), sorted.end());
  const bool names = is_name(options.prefix) && std::all_of(sorted.begin(), sorted.end(), is_name);
  if (!names) return wrong("names are of lower-case letters, digits and hyphens");
  if (sorted.size() < 2 || sorted.size() > kMostSites) return wrong("--sites needs 2 to 200 names, separated by commas");
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return wrong("a site is named twice");
  if (options.round_trip < Duration(0)) return wrong("--rtt is negative");
  return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return wrong(words[i] + " needs a value");
    const std::string& value = words[i + 1];
    if (words[i] == "--sites") {
      options.sites = split(value, ',');
    } else if (words[i] == "--rtt") {
      INTERTIE_ASSIGN(options.round_trip, parse_duration(value));
    } else if (words[i] == "--prefix") {
      options.prefix = value;
    } else {
      return wrong("its options are --sites, --rtt and --prefix, not " + words[i]);
    }
  }
  INTERTIE_RETURN_IF_ERROR(check(options));
  return options;
}

Result<Command> parse_command(std::string_view line, const std::vector<std::string>& sites) {
  const std::vector<std::string> words = split(line, ' ');
  const Error not_understood = wrong(fmt::format("not understood: {:?}", line));
  if (words.size() == 1 && words[0] == "quit") return Command{};
  if (words.size() == 1 && words[0] == "counts") return Command{.kind = Command::Kind::counts};
  if (words.size() < 3) return not_understood;
  const auto from = find(words[1], sites);
  const auto to = find(words[2], sites);
  if (!from || !to || from == to) return not_understood;
  Command command{.kind = Command::Kind::cut, .from = *from, .to = *to};
  if (words[0] == "rtt" && words.size() == 4) {
    command.kind = Command::Kind::round_trip;
    INTERTIE_ASSIGN(command.time, parse_duration(words[3]));
    return command.time < Duration(0) ? Result<Command>(not_understood) : command;
  }
  if (words[0] == "largest" && words.size() == 4) {
    const std::string& number = words[3];
    const auto [end, status] = std::from_chars(number.data(), number.data() + number.size(), command.bytes);
    command.kind = Command::Kind::largest;
    command.one_way = true;
    return status == std::errc() && end == number.data() + number.size() ? Result<Command>(command) : not_understood;
  }
  constexpr std::string_view kOneWay = "-one-way";
  command.one_way = words[0].ends_with(kOneWay);
  const std::string word = words[0].substr(0, words[0].size() - (command.one_way ? kOneWay.size() : 0));
  if (words.size() != 3 || (word != "cut" && word != "mend")) return not_understood;
  command.kind = word == "cut" ? Command::Kind::cut : Command::Kind::mend;
  return command;
}

void apply(const Command& command, Lines& lines) {
  const auto change = [&command](Line& line) {
    if (command.kind == Command::Kind::round_trip) {
      line.delay = command.time / 2;
    } else if (command.kind == Command::Kind::largest) {
      line.largest = command.bytes;
    } else {
      line.cut = command.kind == Command::Kind::cut;
    }
  };
  change(lines.line(command.from, command.to));
  if (!command.one_way) change(lines.line(command.to, command.from));
}

}  // namespace intertie::wan
