#include "intertie/site/control.h"

#include <fmt/format.h>

namespace intertie::site {
namespace {

constexpr std::string_view kCut = "cut ";
constexpr std::string_view kMend = "mend ";
constexpr std::string_view kLeave = "leave";

}  // namespace

std::string ControlLine::text() const {
  if (kind == Kind::leave) return std::string(kLeave);
  return std::string(kind == Kind::cut ? kCut : kMend) + site;
}

Result<ControlLine> parse_control_line(std::string_view text) {
  if (text == kLeave) return ControlLine{.kind = ControlLine::Kind::leave, .site = {}};
  ControlLine line;
  for (const auto& [kind, word] : {std::pair(ControlLine::Kind::cut, kCut), std::pair(ControlLine::Kind::mend, kMend)}) {
    if (!text.starts_with(word)) continue;
    line = {.kind = kind, .site = std::string(text.substr(word.size()))};
  }
  if (!line.site.empty() && line.site.find(' ') == std::string::npos) return line;
  return Error{.code = ErrorCode::reconfigure,
               .where = "standard input",
               .what = fmt::format("{:?} says nothing to a site", text.substr(0, 80)),
               .fix = "write cut NAME, mend NAME or leave",
               .cause = nullptr};
}

}  // namespace intertie::site
