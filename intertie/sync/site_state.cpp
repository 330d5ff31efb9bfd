#include "intertie/sync/site_state.h"

#include <algorithm>

#include "intertie/base/planted.h"

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

std::vector<SiteId> Membership::sites() const {
  std::vector<SiteId> all;
  for (const wire::MemberRecord& member : members) all.push_back(member.site);
  return all;
}

bool Membership::has(SiteId site) const {
  return std::any_of(members.begin(), members.end(), [site](const wire::MemberRecord& member) { return member.site == site; });
}

const Membership* SiteState::membership(Version of) const {
  const auto found = std::find_if(memberships.rbegin(), memberships.rend(), [of](const Membership& m) { return m.from <= of; });
  return found == memberships.rend() ? nullptr : &*found;
}

std::vector<SiteId> SiteState::members(Version of) const {
  const Membership* found = membership(of);
  return found ? found->sites() : std::vector<SiteId>();
}

Round* SiteState::round(Version of) {
  if (const auto found = rounds.find(of); found != rounds.end()) return &found->second;
  const Membership* who = membership(of);
  if (!who || of <= version()) return nullptr;
  Round::Settings settings{.execution = {.merge = {FragmentId{0}, of},
                                         .view = who->view,
                                         .self = self,
                                         .incarnation = incarnation,
                                         .restart = restart,
                                         .num_sites = num_sites,
                                         .contribution_encoding = sync.encoding,
                                         .result_encoding = sync.result_encoding},
                           .agreement = agreement,
                           .members = who->members,
                           .tokens_per_step = {}};
  for (std::uint16_t i = 0; i < num_sites; ++i) settings.tokens_per_step.push_back(timetable.tokens_of(SiteId{i}));
  std::vector<float> result;
  if (!spare_results.empty()) {
    result = std::move(spare_results.back());
    spare_results.pop_back();
  }
  result.resize(model.layout().num_elements);
  const auto made = rounds.emplace(std::piecewise_construct, std::forward_as_tuple(of),
                                   std::forward_as_tuple(std::move(settings), who->schedule, std::move(result)));
  Round& round = made.first->second;
  if (death) death->begin(of, round.execution().slots(), who->schedule.reduction, self, round.members());
  if (const auto order = orders.find(of); order != orders.end()) {
    reduce::Sends sends;
    round.order(order->second, sends);
    send(std::move(sends));
  }
  return &round;
}

void SiteState::enter(const wire::View& view) {
  memberships.push_back({view.number, view.from_version, view.members, view.schedule});
  if (death && memberships.back().has(self)) death->makes(view.from_version);
  // Parts of later merges may have come from members of the view before, who had the result that this site still waits for.
  rounds.erase(rounds.lower_bound(view.from_version), rounds.end());
  for (const wire::MergeOrder& order : view.orders) {
    if (order.merge.version <= version()) continue;
    orders[order.merge.version] = order;
    const auto open = rounds.find(order.merge.version);
    if (open == rounds.end()) {
      round(order.merge.version);
      continue;
    }
    reduce::Sends sends;
    open->second.order(order, sends);
    send(std::move(sends));
  }
  if (flushing && view.number >= *flushing) flushing.reset();
}

void SiteState::forget_the_past() {
  while (!rounds.empty() && rounds.begin()->first < version()) {
    spare_results.push_back(rounds.begin()->second.execution().take_result());
    rounds.erase(rounds.begin());
  }
  if (const auto applied = rounds.find(version()); applied != rounds.end()) applied->second.execution().forget_contributions();
  orders.erase(orders.begin(), orders.upper_bound(version()));
  while (memberships.size() > 1 && memberships[1].from <= version()) memberships.erase(memberships.begin());
}

std::vector<NamedArray> transferred_arrays(SiteState& site) {
  const std::span<float> agreed = site.sync.method == Method::diloco ? std::span(site.anchor) : site.model.parameters();
  const std::vector<NamedArray> all = {{"parameters", agreed},
                                       {"outer.momentum", site.momentum},
                                       {"optimizer.first_moment", site.inner.first_moment()},
                                       {"optimizer.second_moment", site.inner.second_moment()}};
  std::vector<NamedArray> used;
  std::copy_if(all.begin(), all.end(), std::back_inserter(used), [](const NamedArray& array) { return !array.values.empty(); });
  return used;
}

bool SiteState::may_apply(Version version) const {
  if (death && !death->may_apply(version)) return false;
  return !flushing || planted(Bug::apply_in_flush);
}

void SiteState::send(reduce::Sends sends) {
  if (death) sends = death->allow(std::move(sends));
  for (const reduce::Send& each : sends) {
    const bool chunk = std::holds_alternative<wire::Chunk>(each.message);
    mesh.send_data(each.to, chunk ? wire::StreamClass::merge : wire::StreamClass::control, each.message);
  }
}

}  // namespace intertie::sync
