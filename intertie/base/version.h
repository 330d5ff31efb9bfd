// The version of this program, as CMakeLists.txt says it. Any thread.
#pragma once

namespace intertie {

extern const char* const kVersion;  // "0.1.0"

}  // namespace intertie
