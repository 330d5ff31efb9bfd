// How many cores this process may use (its affinity mask, so containers and taskset count). Pure but for asking the system.
#pragma once

namespace intertie::env::real {

int available_cores();  // at least 1

}  // namespace intertie::env::real
