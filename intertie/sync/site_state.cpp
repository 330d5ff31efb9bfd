#include "intertie/sync/site_state.h"

namespace intertie::sync {

void Meter::count(env::TimePoint now) {
  const Duration passed = now - since;
  since = now;
  switch (phase) {
    case Phase::computing: computing += passed; break;
    case Phase::encoding: encoding += passed; break;
    case Phase::waiting: waiting += passed; break;
    case Phase::other: other += passed; break;
  }
}

void Meter::enter(Phase next, env::TimePoint now) {
  count(now);
  phase = next;
  phase_began = now;
}

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
  Round::Settings settings{.execution = execution,
                           .agreement = agreement,
                           .incarnations = incarnations,
                           .inner_steps = timetable.steps_of(of),
                           .tokens = {}};
  for (std::uint16_t i = 0; i < num_sites(); ++i) {
    settings.tokens.push_back(timetable.tokens_of(SiteId{i}) * settings.inner_steps);
  }
  const auto made = rounds.emplace(std::piecewise_construct, std::forward_as_tuple(of),
                                   std::forward_as_tuple(std::move(settings), schedule, result));
  return &made.first->second;
}

void SiteState::send(reduce::Sends sends) {
  for (reduce::Send& each : sends) mesh.send_chunk(each.to, std::move(each.chunk));
}

}  // namespace intertie::sync
