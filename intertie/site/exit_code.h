// Exit codes of all programs (docs/exit-codes.md is generated from the table). Values; any thread.
#pragma once

#include <string>

#include "intertie/base/result.h"

namespace intertie::site {

enum class ExitCode : int {
  done = 0,
  failed = 1,
  input = 2,
  stopped = 3,
  unreachable = 4,
  store_away = 5,
};

ExitCode exit_code_of(const Error& error);

// Of a process that ended with `code`; failed where no program of ours does so.
ExitCode exit_code_from(int code);

// docs/exit-codes.md.
std::string exit_codes_page();

}  // namespace intertie::site
