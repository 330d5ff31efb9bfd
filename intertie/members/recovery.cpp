// A holder that comes back to a run that goes on (docs/protocol.md rule 18): the store's record says who the members were;
// those who still are say so with every beat.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/members/append.h"
#include "intertie/members/holder.h"

namespace intertie::members {

bool Holder::goes_on(const wire::MemberRecord& member) const {
  return member.site != settings_.self && settings_.surroundings.reaches(member.site) &&
         settings_.surroundings.incarnation(member.site) == member.incarnation &&
         settings_.surroundings.view_of(member.site) > ViewNumber{};
}

Actions Holder::recover(env::TimePoint now) {
  // Whoever has not seen the newest view may have begun what those who have make with others.
  ViewNumber newest;
  for (const wire::MemberRecord& member : store_.members) {
    if (goes_on(member)) newest = std::max(newest, settings_.surroundings.view_of(member.site));
  }
  if (newest == ViewNumber{}) {
    if (recovering_since_) first_beat_ = now;  // whoever was there has time to come back
    recovering_since_.reset();
    return store_is_new_ ? Actions{} : fence_strangers();
  }
  if (newest > store_.view) {
    return fail(ErrorCode::reconfigure, "phase start",
                fmt::format("members are in view {}, the store (store.json) knows only {}", newest.value, store_.view.value),
                "bring back this site's folder as it was; it is an old copy");
  }
  if (!recovering_since_) recovering_since_ = now;
  const bool all_here = std::all_of(store_.members.begin(), store_.members.end(), [&](const wire::MemberRecord& member) {
    return member.site == settings_.self || (goes_on(member) && settings_.surroundings.view_of(member.site) == newest);
  });
  return all_here || now - *recovering_since_ >= settings_.silence ? take_over(newest) : Actions{};
}

// Nobody is left to answer, as when this site is cut off once more: what it had found out is void, and whoever was there has
// time to come back.
Actions Holder::wait_for_the_members_again() {
  standing_ = {};
  first_beat_.reset();
  gone_.clear();
  leaving_.clear();
  joiners_.clear();
  flush_.reset();
  return {};
}

// The members go on without this start of this site, which comes to the run like any other.
Actions Holder::take_over(ViewNumber newest) {
  for (const wire::MemberRecord& member : store_.members) {
    const bool knows = goes_on(member) && settings_.surroundings.view_of(member.site) == newest;
    if (!knows) gone_[member.site] = fmt::format("{} did not come back", name(member.site));
  }
  gone_[settings_.self] = fmt::format("{} came back as a new start", name(settings_.self));
  recovering_since_.reset();
  stop_ = store_.stop;
  wire::View last;
  last.number = store_.view;
  last.restart = store_.restart;
  last.members = store_.members;
  standing_.replace(last);
  makers_.emplace_back(Version{}, last.members);
  Actions actions;
  for (const auto& [site, entrant] : std::map(ready_)) append(actions, admit(site, entrant));
  append(actions, change());
  return actions;
}

}  // namespace intertie::members
