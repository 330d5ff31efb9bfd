#include "intertie/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace intertie {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::retry: return "retry";
    case ErrorCode::rejoin: return "rejoin";
    case ErrorCode::reconfigure: return "reconfigure";
    case ErrorCode::give_up: return "give up";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::store_away: return "store away";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!fix.empty()) text += "; " + fix;
  if (cause) text += " (" + cause->message() + ")";
  return text;
}

Error Error::in(std::string operation) const {
  return Error{
      .code = code, .where = {}, .what = std::move(operation), .fix = {}, .cause = std::make_shared<const Error>(*this)};
}

void check_failed(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what.c_str());
  std::abort();
}

}  // namespace intertie
