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

std::string first_difference(const std::string& ours, const std::string& theirs) {
  const std::vector<Line> here = lines_of(ours);
  const std::vector<Line> there = lines_of(theirs);
  for (const Line& line : here) {
    const Line* other = find(there, line.key);
    if (!other) return fmt::format("{} is {} here and missing there", line.key, line.value);
    if (other->value != line.value) return fmt::format("{} is {} here and {} there", line.key, line.value, other->value);
  }
  for (const Line& line : there) {
    if (!find(here, line.key)) return fmt::format("{} is missing here and {} there", line.key, line.value);
  }
  return "the run files differ";
}

Result<void> check_hello(const Identity& ours, const wire::Hello& theirs, const std::string& certificate_name) {
  if (theirs.protocol != wire::kProtocolVersion) {
    return refuse(fmt::format("it speaks protocol version {}, this site version {}", theirs.protocol, wire::kProtocolVersion),
                  "install the same version of intertie at both sites");
  }
  if (theirs.run != ours.run) {
    return refuse(fmt::format("it belongs to run \"{}\", this site to run \"{}\"", theirs.run, ours.run),
                  "check the addresses in the run file");
  }
  if (theirs.site.value >= ours.site_names.size() || theirs.site == ours.self) {
    return refuse(fmt::format("it calls itself site number {}, which it cannot be", theirs.site.value),
                  "give every site the same run file and its own --site");
  }
  const std::string& name = ours.site_names[theirs.site.value];
  if (!certificate_name.empty() && certificate_name != name) {
    return refuse(fmt::format("it calls itself {} but its certificate is that of {}", name, certificate_name),
                  "start each site with its own certificate");
  }
  if (theirs.agreement != ours.agreement) {
    const bool comparable = !theirs.agreement_text.empty();
    return refuse("the run files differ: " + (comparable ? first_difference(ours.agreement_text, theirs.agreement_text)
                                                         : std::string("in a key that all sites must share")),
                  "use one run file at all sites");
  }
  if (theirs.data != ours.data) {
    return refuse(fmt::format("its training data has hash {}, this site's {}", to_string(theirs.data), to_string(ours.data)),
                  "give every site the same files and tokenizer");
  }
  return {};
}

}  // namespace intertie::links
