// HearingTable: who hears whom without a relay, as far as this site knows: from its own links, and from what others tell with
// every beat. From it follow the ways to other sites, and which sites are gone (docs/protocol.md rule 13). Sans-I/O.
// Owner thread: the loop.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "intertie/base/units.h"
#include "intertie/env/clock.h"
#include "intertie/wire/messages.h"

namespace intertie::links {

class HearingTable {
 public:
  // `fresh_for`: how long what a site told counts as what is.
  HearingTable(SiteId self, Incarnation incarnation, std::uint16_t num_sites, Duration fresh_for, env::TimePoint now);

  // One beat of this site, which hears `hears` now and is in `view`.
  void beat(const std::vector<SiteId>& hears, ViewNumber view, env::TimePoint now);
  void take(const wire::Hearing& told, env::TimePoint now);
  // A merge stream of this site, with what it may have been handing on for others.
  void stream_ended() { ++rows_[self_.value].row.ended_streams; }
  wire::Hearing tell() const;
  // This site was not running for `time`: what others did meanwhile it could not hear.
  void was_away(Duration time);

  // The view that the site's newest start said it is in; 0: none, or nothing was heard.
  ViewNumber view(SiteId site) const { return rows_[site.value].row.view; }
  // The newest start of each site that anybody heard of; 0: none yet.
  Incarnation incarnation(SiteId site) const { return rows_[site.value].row.incarnation; }
  // The last time at which, as far as is known here, the two heard each other; nullopt: never, in their present starts.
  std::optional<env::TimePoint> last_mutual(SiteId a, SiteId b) const { return last_mutual_[pair(a, b)]; }
  // The same, or since when they could have been heard of: their present starts, or the table's own.
  env::TimePoint last_mutual_or_new(SiteId a, SiteId b) const;
  bool mutual(SiteId a, SiteId b, env::TimePoint now) const;
  // A site that hears both this one and `target`, and is heard by both, as it has told after `since`: when a site goes, all its
  // links end, and the others know of theirs a moment later.
  std::optional<SiteId> relay_to(SiteId target, env::TimePoint now, env::TimePoint since) const;

 private:
  struct Row {
    wire::HearingRow row;
    env::TimePoint news_at{};  // when the newest beat became known here
  };
  bool hears(SiteId a, SiteId b) const;
  bool fresh(SiteId site, env::TimePoint now) const;
  void note_mutual(SiteId changed, env::TimePoint now);
  std::size_t pair(SiteId a, SiteId b) const { return std::min(a, b).value * rows_.size() + std::max(a, b).value; }

  SiteId self_;
  Duration fresh_for_;
  std::vector<Row> rows_;                                   // by site
  std::vector<std::optional<env::TimePoint>> last_mutual_;  // by pair
  std::vector<env::TimePoint> new_at_;                      // by pair
};

}  // namespace intertie::links
