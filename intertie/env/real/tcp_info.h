// What the system knows of a TCP connection's sending side. Any thread.
#pragma once

#include "intertie/env/network.h"

namespace intertie::env::real {

// Nothing but zeros where `socket` is closed or no TCP socket; old kernels leave some figures out.
Sending sending_of(int socket);

}  // namespace intertie::env::real
