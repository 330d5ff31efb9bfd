#include "intertie/links/identity.h"

#include <fmt/format.h>

#include <sstream>

namespace intertie::links {
namespace {

Error refuse(std::string what, std::string fix) {
  return {.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

struct Line {
  std::string key;
  std::string value;
};

std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t sign = line.find(" = ");
    if (sign == std::string::npos) continue;
    lines.push_back({line.substr(0, sign), line.substr(sign + 3)});
  }
  return lines;
}

const Line* find(const std::vector<Line>& lines, const std::string& key) {
  for (const Line& line : lines) {
    if (line.key == key) return &line;
  }
  return nullptr;
}

}  // namespace

std::string first_difference(const AgreementText& a, const AgreementText& b) {
  const std::vector<Line> lines_a = lines_of(a.text);
  const std::vector<Line> lines_b = lines_of(b.text);
  const auto differ = [&](const std::string& key, const Line* at_a, const Line* at_b) {
    const auto shown = [](const Line* line) { return line ? fmt::format("{:.200}", line->value) : std::string("missing"); };
    return fmt::format("{:.200} is {} {} and {} {}", key, shown(at_a), a.where, shown(at_b), b.where);
  };
  for (const Line& line : lines_a) {
    const Line* other = find(lines_b, line.key);
    if (!other || other->value != line.value) return differ(line.key, &line, other);
  }
  for (const Line& line : lines_b) {
    if (!find(lines_a, line.key)) return differ(line.key, nullptr, &line);
  }
  return "the run files differ";
}

// Both sites show these words, so they name sites and say neither "here" nor "this site".
Result<void> check_hello(const Identity& ours, const wire::Hello& theirs, const std::string& certificate_name) {
  const std::string& self = ours.site_names[ours.self.value];
  const std::string caller = certificate_name.empty() ? "the caller" : "site " + certificate_name;
  if (theirs.protocol != wire::kProtocolVersion) {
    return refuse(
        fmt::format("{} speaks protocol version {}, site {} version {}", caller, theirs.protocol, self, wire::kProtocolVersion),
        "install the same version of intertie at both sites");
  }
  if (theirs.run != ours.run) {
    return refuse(fmt::format("{} belongs to run \"{:.64}\", site {} to run \"{}\"", caller, theirs.run, self, ours.run),
                  "check the addresses in the run file");
  }
  if (theirs.site.value >= ours.site_names.size() || theirs.site == ours.self) {
    return refuse(fmt::format("{} calls itself site number {}, which it cannot be", caller, theirs.site.value),
                  "give every site the same run file and its own --site");
  }
  const std::string& name = ours.site_names[theirs.site.value];
  if (!certificate_name.empty() && certificate_name != name) {
    return refuse(fmt::format("the caller calls itself {} but its certificate is that of {}", name, certificate_name),
                  "start each site with its own certificate");
  }
  if (theirs.agreement != ours.agreement) {
    const bool comparable = !theirs.agreement_text.empty();
    return refuse("the run files differ: " +
                      (comparable ? first_difference({ours.agreement_text, "at " + self}, {theirs.agreement_text, "at " + name})
                                  : std::string("in a key that all sites must share")),
                  "use one run file at all sites");
  }
  if (theirs.data != ours.data) {
    return refuse(fmt::format("the training data have hash {} at {} and {} at {}", to_string(theirs.data), name,
                              to_string(ours.data), self),
                  "give every site the same files and tokenizer");
  }
  return {};
}

}  // namespace intertie::links
