// For this folder's sources.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "intertie/members/actions.h"
#include "intertie/members/standing.h"

namespace intertie::members {

inline void append(Actions& to, Actions from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Of those who lose their say by `view`, all but `self`: what they still send does not count.
inline Actions fences(const Standing& standing, const wire::View& view, SiteId self) {
  Actions actions;
  for (const wire::MemberRecord& record : standing.lost_by(view)) {
    if (record.site == self) continue;
    const std::string reason = fmt::format("no member any more since view {}: {}", view.number.value, view.reason.text());
    actions.push_back(Fence{record, view.number, reason});
  }
  return actions;
}

inline Actions fail(ErrorCode code, std::string where, std::string what, std::string fix) {
  return {Fail{{.code = code, .where = std::move(where), .what = std::move(what), .fix = std::move(fix), .cause = {}}}};
}

}  // namespace intertie::members
