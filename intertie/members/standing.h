// Standing: the view in force and who has a say under it: its members, and those whom it lets go until they have done their
// part in what is open. A value. Owner thread: the loop.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "intertie/wire/messages.h"

namespace intertie::members {

inline bool is_in(const wire::View& view, SiteId site, Incarnation incarnation) {
  return std::find(view.members.begin(), view.members.end(), wire::MemberRecord{site, incarnation}) != view.members.end();
}
inline bool survives(const wire::View& view, SiteId site) {
  return std::find(view.survivors.begin(), view.survivors.end(), site) != view.survivors.end();
}

class Standing {
 public:
  const std::optional<wire::View>& view() const { return view_; }
  bool is_member(SiteId site, Incarnation incarnation) const { return view_ && is_in(*view_, site, incarnation); }
  bool has(SiteId site) const;
  std::vector<SiteId> sites() const;                 // of the members
  std::vector<wire::MemberRecord> with_say() const;  // in site order
  bool has_say(SiteId site, Incarnation incarnation) const;
  bool departs(SiteId site) const { return departing_.contains(site); }
  // Those who would lose their say if `next` came into force.
  std::vector<wire::MemberRecord> lost_by(const wire::View& next) const;
  void replace(const wire::View& next);

 private:
  std::optional<wire::View> view_;
  std::map<SiteId, Incarnation> departing_;
};

}  // namespace intertie::members
