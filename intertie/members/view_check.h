// What a view that another site sends has to be, so that nothing in it points where nothing is. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "intertie/wire/messages.h"

namespace intertie::members {

// What is wrong with it, in words that follow "it"; empty: nothing. `num_sites`: of the run file.
std::string problem_of(const wire::View& view, std::size_t num_sites);

}  // namespace intertie::members
