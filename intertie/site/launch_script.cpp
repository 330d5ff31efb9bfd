#include "intertie/site/launch_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "intertie/base/nearest.h"

namespace intertie::site {
namespace {

using Words = std::vector<std::string>;

struct Verb {
  std::string_view name;
  LaunchRequest::Kind kind;
  std::size_t num_sites;
  std::string_view usage;
};
constexpr std::array<Verb, 6> kVerbs = {{{"cut", LaunchRequest::Kind::cut, 2, "cut SITE SITE"},
                                         {"mend", LaunchRequest::Kind::mend, 2, "mend SITE SITE"},
                                         {"kill", LaunchRequest::Kind::kill, 1, "kill SITE"},
                                         {"restore", LaunchRequest::Kind::restore, 1, "restore SITE"},
                                         {"leave", LaunchRequest::Kind::leave, 1, "leave SITE"},
                                         {"stop", LaunchRequest::Kind::stop, 0, "stop"}}};
constexpr Duration kMostTime = std::chrono::hours(24'000);
constexpr std::string_view kForms =
    "a line is: at version N, at TIME or at +TIME, then cut SITE SITE, mend SITE SITE, kill SITE, restore SITE, leave SITE or "
    "stop";

Error wrong_line(std::string what, std::string fix = std::string(kForms)) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = std::move(fix), .cause = nullptr};
}

Words words_of(std::string_view line) {
  Words words;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.emplace_back(line.substr(begin, at - begin));
  }
  return words;
}

const Verb* find_verb(const std::string& word) {
  const auto* const found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.name == word; });
  return found == kVerbs.end() ? nullptr : found;
}

Result<std::size_t> find_named_site(const std::string& word, const Words& names) {
  const auto found = std::find(names.begin(), names.end(), word);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string close = nearest(word, names);
  return wrong_line(fmt::format("there is no site {:?}", word), close.empty()
                                                                    ? fmt::format("the sites are {}", fmt::join(names, ", "))
                                                                    : fmt::format("did you mean {:?}?", close));
}

Result<LaunchRequest> parse_request(const Verb& verb, const Words& sites, const Words& names) {
  if (sites.size() != verb.num_sites) {
    return wrong_line(fmt::format("{} names {} sites", verb.name, sites.size()), fmt::format("write {}", verb.usage));
  }
  LaunchRequest request{.kind = verb.kind};
  if (!sites.empty()) {
    INTERTIE_ASSIGN(request.site, find_named_site(sites[0], names));
  }
  if (sites.size() == 2) {
    INTERTIE_ASSIGN(request.other, find_named_site(sites[1], names));
    if (request.site == request.other) return wrong_line("a link joins two sites", fmt::format("write {}", verb.usage));
  }
  return request;
}

// `words`: between "at" and the verb.
Result<std::variant<AtVersion, AtTime>> parse_when(const Words& words) {
  constexpr const char* kExamples = "write at version 3, at 20s or at +5s";
  if (words.empty()) return wrong_line("it is not said when", kExamples);
  if (words[0] == "version") {
    AtVersion at;
    const std::string number = words.size() == 2 ? words[1] : "";
    const auto [end, status] = std::from_chars(number.data(), number.data() + number.size(), at.version);
    if (number.empty() || status != std::errc() || end != number.data() + number.size()) {
      return wrong_line("a version is a whole number", "write at version 3");
    }
    return std::variant<AtVersion, AtTime>(at);
  }
  std::string text = fmt::format("{}", fmt::join(words, " "));
  AtTime at{.time = {}, .after_the_line_before = text.starts_with('+')};
  if (at.after_the_line_before) text.erase(0, 1);
  const Result<Duration> time = parse_duration(text);
  if (!time) return wrong_line(fmt::format("when? {}", time.error().what), kExamples);
  if (*time > kMostTime) return wrong_line(fmt::format("{} is too long", text), "write at most 1000 d");
  at.time = *time;
  return std::variant<AtVersion, AtTime>(at);
}

// Words of a time: "version", or anything with a digit, and the unit behind a number.
bool belongs_to_a_time(const std::string& word) {
  const bool has_digit = std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  return has_digit || word == "version" || parse_duration("1 " + word);
}

// No word of the line is a verb. Where one stands for it, that is the mistake.
Error without_a_verb(const Words& words) {
  const auto word = std::find_if_not(words.begin() + 1, words.end(), belongs_to_a_time);
  if (word == words.end()) return wrong_line("it is not said what shall happen");
  Words verbs;
  for (const Verb& verb : kVerbs) verbs.emplace_back(verb.name);
  return wrong_line(fmt::format("{:?} is nothing that can be done", *word),
                    fmt::format("what can be done: {}", fmt::join(verbs, ", ")));
}

Result<ScriptLine> parse_script_line(const Words& words, const Words& names) {
  if (words[0] != "at") return wrong_line(fmt::format("{:?} begins no line", words[0]));
  const auto verb = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) { return find_verb(word); });
  if (verb == words.end()) return without_a_verb(words);
  ScriptLine line;
  INTERTIE_ASSIGN(line.when, parse_when(Words(words.begin() + 1, verb)));
  INTERTIE_ASSIGN(line.request, parse_request(*find_verb(*verb), Words(verb + 1, words.end()), names));
  return line;
}

}  // namespace

Result<std::vector<ScriptLine>> parse_script(std::string_view text, const std::string& path,
                                             const std::vector<std::string>& site_names) {
  std::vector<ScriptLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Words words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const std::string where = fmt::format("{}:{}", path, number);
    Result<ScriptLine> line = parse_script_line(words, site_names);
    if (!line) {
      Error error = line.error();
      error.where = where;
      return error;
    }
    line->text = fmt::format("{}:{}: {}", path.substr(path.rfind('/') + 1), number, fmt::join(words, " "));
    lines.push_back(std::move(*line));
  }
  return lines;
}

std::optional<ScriptLine> LaunchScript::due(Duration since_start, std::uint64_t version) {
  const ScriptLine* line = next();
  if (!line) return std::nullopt;
  const auto* at_version = std::get_if<AtVersion>(&line->when);
  if (at_version ? version < at_version->version : since_start < *wakes_at()) return std::nullopt;
  performed_at_ = since_start;
  ++next_;
  return *line;
}

std::optional<Duration> LaunchScript::wakes_at() const {
  const auto* at = next() ? std::get_if<AtTime>(&next()->when) : nullptr;
  if (!at) return std::nullopt;
  return at->time + (at->after_the_line_before ? performed_at_ : Duration(0));
}

}  // namespace intertie::site
