// A planned death: a site that ends its own process at a named place of a merge, so that what the others make of a death there
// can be measured with real processes (docs/commands.md, --die-at). The site counts what of the merge leaves; what comes after
// the place never leaves; and the site dies when the others have acknowledged what did, so that who got what is known to the
// chunk. Used by SiteState, which asks it about everything that is sent, and by Run. Owner thread: the loop.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/schedule.h"
#include "intertie/reduce/set.h"

namespace intertie::sync {

enum class DeathPlace {
  first_block,        // everybody knows that a contribution comes; nobody has a block of it
  half_contribution,  // half of the contribution at everybody whom it goes to
  half_results,    // owners: the contribution, and half of the results at the next site, none at another. gather, which has no
                   // results: half of the contribution at the next site, none at another
  results_at_one,  // the same, with all of them at the next site: it alone can apply the merge
  all_sent,        // contribution and results, and nothing applied
  applied,         // the merge is, and nothing of the next one sent
  flush_asked,     // asked what it holds, with this merge or a later one open; unanswered
  flush_answered,  // the same, answered; the view that orders what follows has come, and nothing of it is done
};
const char* name_of(DeathPlace place);

struct PlannedDeath {
  Version version;
  bool of_this_start = false;  // the version counts from the first that this start of the site makes, which is 1
  DeathPlace place = DeathPlace::first_block;
};
// "VERSION:PLACE", such as "12:half-contribution", or "+3:applied" for the third that this start makes. Errors (reconfigure):
// neither, with the places there are.
Result<PlannedDeath> parse_planned_death(std::string_view text);

class DeathWatch {
 public:
  // What of a merge goes to one site: so far, and in all.
  struct Share {
    std::size_t contributions = 0, all_contributions = 0;  // chunks
    std::size_t results = 0, all_results = 0;
  };

  explicit DeathWatch(const PlannedDeath& plan) : plan_(plan) {
    if (plan.of_this_start) plan_.version = kNever;
    count_ = plan.version.value;
  }

  // This site is among those who make the versions from this one on.
  void makes(Version from);
  // It makes a merge, with `members`.
  void begin(Version version, const std::vector<reduce::ChunkSlot>& slots, wire::Reduction reduction, SiteId self,
             const std::vector<SiteId>& members);
  // Of what is to be sent, what leaves.
  reduce::Sends allow(reduce::Sends sends);
  bool may_apply(Version version) const;
  void applied(Version version);
  // The store's holder asked what this site holds, with `open` the next version here; this site has answered.
  void flush_asked(Version open);
  void flush_answered(Version open);
  void view_comes();

  // Nothing of the merge is to be done any more. It is time when what left has arrived; in a flush, at once.
  bool reached() const { return reached_; }
  bool waits_for_arrivals() const { return plan_.place < DeathPlace::flush_asked; }
  const PlannedDeath& plan() const { return plan_; }
  const std::map<SiteId, Share>& shares() const { return shares_; }

 private:
  static constexpr Version kNever{~std::uint64_t{0}};

  struct Quota {
    std::size_t contributions = 0;
    std::size_t results = 0;
  };
  bool stops_sending() const { return plan_.place < DeathPlace::applied; }
  Quota quota(SiteId to) const;
  bool count(SiteId to, wire::ChunkKind kind);
  bool all_left() const;

  PlannedDeath plan_;
  std::uint64_t count_ = 0;
  wire::Reduction reduction_ = wire::Reduction::gather;
  std::map<SiteId, Share> shares_;  // of the merge, by whom it goes to
  SiteId next_site_;                // the one after this site
  bool answered_ = false;           // a flush that counts
  bool reached_ = false;
};

}  // namespace intertie::sync
