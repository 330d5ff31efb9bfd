// Standard output of our programs, for what a person or another program asked for: written whole, or an error that main
// reports. Used by the commands of `intertie` and by the sampler. Main thread.
#pragma once

#include <string>
#include <string_view>

#include "intertie/base/result.h"

namespace intertie::site {

// `text` as it is, zero bytes too, handed to the system before this returns. The error (give_up) has the system's words.
Result<void> write_output(std::string_view text);

bool output_is_terminal();

// `text` for a terminal, which obeys control characters: those but line breaks and tabs, and bytes that are not UTF-8, are
// written as \x1b.
std::string printable(std::string_view text);

}  // namespace intertie::site
