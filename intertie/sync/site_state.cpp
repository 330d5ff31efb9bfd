#include "intertie/sync/site_state.h"

namespace intertie::sync {

Round* SiteState::round(Version of) {
  // Nobody can be more than one merge ahead: the one between needs this site's contribution.
  if (of <= version || of > version.next().next() || of > timetable.last_version()) return nullptr;
  const auto found = rounds.find(of);
  if (found != rounds.end()) return &found->second;
  const reduce::Execution::Settings execution{.merge = {FragmentId{0}, of},
                                              .self = self,
                                              .incarnation = incarnation,
                                              .restart = restart,
                                              .num_sites = num_sites(),
                                              .contribution_encoding = sync.encoding,
                                              .result_encoding = sync.result_encoding};
  const auto made =
      rounds.emplace(std::piecewise_construct, std::forward_as_tuple(of),
                     std::forward_as_tuple(Round::Settings{execution, agreement, incarnations}, schedule, result));
  return &made.first->second;
}

void SiteState::send(reduce::Sends sends) {
  for (reduce::Send& each : sends) mesh.send_chunk(each.to, std::move(each.chunk));
}

}  // namespace intertie::sync
