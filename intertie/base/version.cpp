#include "intertie/base/version.h"

namespace intertie {

const char* const kVersion = INTERTIE_VERSION;

}  // namespace intertie
