#include "intertie/links/hearing.h"

#include <algorithm>

namespace intertie::links {

HearingTable::HearingTable(SiteId self, Incarnation incarnation, std::uint16_t num_sites, Duration fresh_for,
                           env::TimePoint now)
    : self_(self),
      fresh_for_(fresh_for),
      rows_(num_sites),
      last_mutual_(std::size_t{num_sites} * num_sites),
      new_at_(std::size_t{num_sites} * num_sites, now) {
  for (std::uint16_t i = 0; i < num_sites; ++i) rows_[i].row.site = SiteId{i};
  rows_[self.value].row.incarnation = incarnation;
}

void HearingTable::beat(const std::vector<SiteId>& hears, ViewNumber view, env::TimePoint now) {
  Row& own = rows_[self_.value];
  ++own.row.beat;
  own.row.hears = hears;
  own.row.view = view;
  own.news_at = now;
  note_mutual(self_, now);
}

void HearingTable::take(const wire::Hearing& told, env::TimePoint now) {
  for (const wire::HearingRow& row : told.rows) {
    if (row.site.value >= rows_.size() || row.site == self_) continue;
    Row& known = rows_[row.site.value];
    const bool newer = std::pair(row.incarnation, row.beat) > std::pair(known.row.incarnation, known.row.beat);
    if (!newer) continue;
    if (row.incarnation != known.row.incarnation) {
      for (std::uint16_t other = 0; other < rows_.size(); ++other) {
        last_mutual_[pair(row.site, SiteId{other})].reset();
        new_at_[pair(row.site, SiteId{other})] = now;
      }
    }
    known = {row, now};
    note_mutual(row.site, now);
  }
}

wire::Hearing HearingTable::tell() const {
  wire::Hearing told;
  for (const Row& row : rows_) {
    if (row.row.beat > 0) told.rows.push_back(row.row);
  }
  return told;
}

void HearingTable::was_away(Duration time) {
  for (Row& row : rows_) row.news_at += time;
  for (auto& at : last_mutual_) {
    if (at) *at += time;
  }
  for (env::TimePoint& at : new_at_) at += time;
}

env::TimePoint HearingTable::last_mutual_or_new(SiteId a, SiteId b) const {
  return std::max(last_mutual(a, b).value_or(env::TimePoint{}), new_at_[pair(a, b)]);
}

bool HearingTable::hears(SiteId a, SiteId b) const {
  const std::vector<SiteId>& heard = rows_[a.value].row.hears;
  return std::find(heard.begin(), heard.end(), b) != heard.end();
}

bool HearingTable::fresh(SiteId site, env::TimePoint now) const {
  return rows_[site.value].row.beat > 0 && now - rows_[site.value].news_at <= fresh_for_;
}

void HearingTable::note_mutual(SiteId changed, env::TimePoint now) {
  for (std::uint16_t i = 0; i < rows_.size(); ++i) {
    if (SiteId{i} != changed && mutual(changed, SiteId{i}, now)) last_mutual_[pair(changed, SiteId{i})] = now;
  }
}

bool HearingTable::mutual(SiteId a, SiteId b, env::TimePoint now) const {
  return fresh(a, now) && fresh(b, now) && hears(a, b) && hears(b, a);
}

std::optional<SiteId> HearingTable::relay_to(SiteId target, env::TimePoint now, env::TimePoint since) const {
  for (std::uint16_t i = 0; i < rows_.size(); ++i) {
    const SiteId relay{i};
    if (relay != self_ && relay != target && rows_[i].news_at > since && rows_[target.value].news_at > since &&
        mutual(self_, relay, now) && mutual(relay, target, now))
      return relay;
  }
  return std::nullopt;
}

}  // namespace intertie::links
