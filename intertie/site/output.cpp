#include "intertie/site/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "intertie/base/utf8.h"

namespace intertie::site {
namespace {

// C0 and C1 control characters, and DEL.
bool is_control(char32_t c) { return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0); }

}  // namespace

Result<void> write_output(std::string_view text) {
  errno = 0;
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (whole && std::fflush(stdout) == 0) return {};
  return Error{.code = ErrorCode::give_up,
               .where = "standard output",
               .what = std::string("cannot be written: ") + std::strerror(errno),
               .fix = {},
               .cause = {}};
}

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::string printable(std::string_view text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view before = rest;
    const auto code_point = take_code_point(rest);
    if (!code_point) rest.remove_prefix(1);
    const std::string_view bytes = before.substr(0, before.size() - rest.size());
    if (code_point && !is_control(*code_point)) {
      out += bytes;
      continue;
    }
    for (const char byte : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

}  // namespace intertie::site
