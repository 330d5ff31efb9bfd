#include "intertie/site/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace intertie::site {

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

}  // namespace intertie::site
