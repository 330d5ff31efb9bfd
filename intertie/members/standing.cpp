#include "intertie/members/standing.h"

namespace intertie::members {

bool Standing::has(SiteId site) const {
  const std::vector<SiteId> all = sites();
  return std::find(all.begin(), all.end(), site) != all.end();
}

std::vector<SiteId> Standing::sites() const {
  std::vector<SiteId> all;
  if (!view_) return all;
  for (const wire::MemberRecord& member : view_->members) all.push_back(member.site);
  return all;
}

std::vector<wire::MemberRecord> Standing::with_say() const {
  std::vector<wire::MemberRecord> all;
  if (view_) all = view_->members;
  for (const auto& [site, incarnation] : departing_) all.push_back({site, incarnation});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.site < b.site; });
  return all;
}

bool Standing::has_say(SiteId site, Incarnation incarnation) const {
  const std::vector<wire::MemberRecord> all = with_say();
  return std::find(all.begin(), all.end(), wire::MemberRecord{site, incarnation}) != all.end();
}

std::vector<wire::MemberRecord> Standing::lost_by(const wire::View& next) const {
  std::vector<wire::MemberRecord> lost = with_say();
  std::erase_if(lost, [&next](const wire::MemberRecord& record) { return survives(next, record.site); });
  return lost;
}

void Standing::replace(const wire::View& next) {
  std::map<SiteId, Incarnation> departing;
  for (const wire::MemberRecord& record : with_say()) {
    const bool stays = is_in(next, record.site, record.incarnation);
    if (survives(next, record.site) && !stays) departing[record.site] = record.incarnation;
  }
  departing_ = std::move(departing);
  view_ = next;
}

}  // namespace intertie::members
