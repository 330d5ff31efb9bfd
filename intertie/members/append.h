// For this folder's sources.
#pragma once

#include <iterator>

#include "intertie/members/member.h"

namespace intertie::members {

inline void append(Actions& to, Actions from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace intertie::members
