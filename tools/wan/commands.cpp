#include "tools/wan/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace intertie::wan {
namespace {

using Kind = Command::Kind;

enum class Value { none, time, half_time, rate, share, bytes };

struct Form {
  std::string_view word;
  Kind kind;
  std::size_t num_sites = 0;
  Value value = Value::none;
  bool there = true, back = false;
};
constexpr std::array kForms = {
    Form{"cut", Kind::cut, 2, Value::none, true, true},
    Form{"mend", Kind::mend, 2, Value::none, true, true},
    Form{"cut-one-way", Kind::cut, 2},
    Form{"mend-one-way", Kind::mend, 2},
    Form{"rtt", Kind::delay, 2, Value::half_time, true, true},
    Form{"delay", Kind::delay, 2, Value::time},
    Form{"jitter", Kind::jitter, 2, Value::time},
    Form{"loss", Kind::loss, 2, Value::share},
    Form{"rate", Kind::rate, 2, Value::rate},
    Form{"largest", Kind::largest, 2, Value::bytes},
    Form{"access", Kind::access, 1, Value::rate, true, true},
    Form{"access-up", Kind::access, 1, Value::rate, true, false},
    Form{"access-down", Kind::access, 1, Value::rate, false, true},
    Form{"queue", Kind::queue, 0, Value::time},
    Form{"stats", Kind::stats},
    Form{"reset", Kind::reset},
    Form{"quit", Kind::quit},
};

std::string example_of(const Form& form) {
  constexpr std::array<std::string_view, 6> kValues = {"", " 80ms", " 80ms", " 100Mbit/s", " 0.01%", " 1000"};
  return fmt::format("{}{}{}{}", form.word, std::array{"", " A", " A B"}[form.num_sites],
                     kValues[static_cast<std::size_t>(form.value)], form.num_sites > 0 ? " [path N]" : "");
}

Error not_understood(std::string what, std::string fix) {
  return {.code = ErrorCode::reconfigure, .where = "wan", .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_whole(const std::string& text, std::size_t& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc() && end == text.data() + text.size();
}

// Takes `path N` off the words.
Result<void> read_path(std::vector<std::string>& words, std::size_t num_paths, Command& command) {
  if (words.size() < 3 || words[words.size() - 2] != "path") return {};
  std::size_t path = 0;
  if (!is_whole(words.back(), path) || path >= num_paths) {
    return not_understood("no path " + words.back(), fmt::format("paths are 0 to {}", num_paths - 1));
  }
  command.path = path;
  words.resize(words.size() - 2);
  return {};
}

Result<void> read_sites(const std::vector<std::string>& words, const Form& form, const std::vector<std::string>& sites,
                        Command& command) {
  if (words.size() <= form.num_sites) return not_understood("too few words", "write: " + example_of(form));
  const std::array<std::size_t*, 2> places = {&command.from, &command.to};
  for (std::size_t i = 0; i < form.num_sites; ++i) {
    const auto found = std::find(sites.begin(), sites.end(), words[i + 1]);
    if (found == sites.end()) {
      return not_understood("no site " + words[i + 1], fmt::format("sites are {}", fmt::join(sites, ", ")));
    }
    *places[i] = static_cast<std::size_t>(found - sites.begin());
  }
  if (form.num_sites == 2 && command.from == command.to) return not_understood("a site has no line to itself", {});
  return {};
}

Result<void> read_value(const std::string& text, Value value, Command& command) {
  if (value == Value::rate) {
    INTERTIE_ASSIGN(command.rate, parse_rate(text));
  } else if (value == Value::share) {
    INTERTIE_ASSIGN(command.share, parse_percent(text));
  } else if (value == Value::bytes) {
    if (!is_whole(text, command.bytes)) return not_understood(fmt::format("{:?} is no number of bytes", text), {});
  } else if (value != Value::none) {
    INTERTIE_ASSIGN(command.time, parse_duration(text));
    if (value == Value::half_time) command.time /= 2;
  } else if (!text.empty()) {
    return not_understood(fmt::format("{:?} is too much", text), {});
  }
  return {};
}

Result<Command> read_command(const Form& form, std::vector<std::string> words, const Options& options) {
  Command command{.kind = form.kind, .there = form.there, .back = form.back};
  if (form.num_sites > 0) INTERTIE_RETURN_IF_ERROR(read_path(words, options.paths, command));
  INTERTIE_RETURN_IF_ERROR(read_sites(words, form, options.sites, command));
  const auto rest = words.begin() + 1 + static_cast<std::ptrdiff_t>(form.num_sites);
  const Result<void> value = read_value(fmt::format("{}", fmt::join(rest, words.end(), " ")), form.value, command);
  if (!value) return not_understood(value.error().message(), "write: " + example_of(form));
  return command;
}

void change_line(const Command& command, Line& line) {
  switch (command.kind) {
    case Kind::cut: line.cut = true; break;
    case Kind::mend: line.cut = false; break;
    case Kind::delay: line.delay = command.time; break;
    case Kind::jitter: line.jitter = command.time; break;
    case Kind::loss: line.loss.set(command.share); break;
    case Kind::rate: line.limiter.rate = command.rate; break;
    case Kind::largest: line.largest = command.bytes; break;
    default: break;
  }
}

void change_access(const Command& command, std::size_t path, Lines& lines) {
  Access& access = lines.access(command.from, path);
  if (command.there) access.up.rate = command.rate;
  if (command.back) access.down.rate = command.rate;
}

void change_queues(Duration queue, Lines& lines) {
  const Lines::Size size = lines.size();
  for (std::size_t path = 0; path < size.paths; ++path) {
    for (std::size_t from = 0; from < size.sites; ++from) {
      lines.access(from, path).up.queue = lines.access(from, path).down.queue = queue;
      for (std::size_t to = 0; to < size.sites; ++to) lines.line({from, to, path}).limiter.queue = queue;
    }
  }
}

}  // namespace

Result<Command> parse_command(std::string_view line, const Options& options) {
  std::vector<std::string> words = words_of(line);
  const auto form =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form& each) { return !words.empty() && each.word == words[0]; });
  if (form != kForms.end()) return read_command(*form, std::move(words), options);
  std::vector<std::string_view> known;
  for (const Form& each : kForms) known.push_back(each.word);
  return not_understood(fmt::format("not understood: {:?}", line), fmt::format("commands are {}", fmt::join(known, ", ")));
}

void apply(const Command& command, Lines& lines) {
  if (command.kind == Kind::queue) return change_queues(command.time, lines);
  for (std::size_t path = 0; path < lines.size().paths; ++path) {
    if (command.path && command.path != path) continue;
    if (command.kind == Kind::access) {
      change_access(command, path, lines);
    } else {
      if (command.there) change_line(command, lines.line({command.from, command.to, path}));
      if (command.back) change_line(command, lines.line({command.to, command.from, path}));
    }
  }
}

}  // namespace intertie::wan
