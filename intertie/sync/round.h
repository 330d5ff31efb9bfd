// Round: the book-keeping of one merge at one site: who makes it, their headers, and the execution. A faster site may begin the
// next merge while this one still applies the last, so rounds are made when their first message arrives, and one that was
// applied stays until the next is, for those who miss its result. Owner thread: the loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/execute.h"
#include "intertie/wire/messages.h"

namespace intertie::sync {

class Round {
 public:
  struct Settings {
    reduce::Execution::Settings execution;
    Hash64 agreement;
    std::vector<wire::MemberRecord> members;     // that make it, in site order
    std::vector<std::uint64_t> tokens_per_step;  // that each site of the run trains, by site
  };
  Round(Settings settings, const wire::Schedule& schedule, std::vector<float> result);

  Result<void> take_header(SiteId from, const wire::ContributionHeader& header);
  // A chunk of another start than the member's is dropped and counted.
  Result<void> take_chunk(SiteId from, const wire::Chunk& chunk, reduce::Sends& sends);
  void order(const wire::MergeOrder& order, reduce::Sends& sends);

  reduce::Execution& execution() { return execution_; }
  const reduce::Execution& execution() const { return execution_; }
  ViewNumber view() const { return settings_.execution.view; }
  std::vector<SiteId> members() const;
  // Whose contributions it contains, as far as is known.
  std::vector<SiteId> set() const;
  // The sites that the commit still waits for, by number.
  std::vector<SiteId> waits_for() const;
  std::uint64_t num_stale() const { return num_stale_; }

 private:
  std::optional<Incarnation> incarnation_of(SiteId site) const;
  bool is_gone(SiteId site) const;
  std::vector<reduce::SetMember> with_weights(const std::vector<wire::MemberRecord>& set) const;

  Settings settings_;
  reduce::Execution execution_;
  std::vector<bool> headers_;                     // by site
  std::optional<std::vector<SiteId>> survivors_;  // of the members, as an order says
  std::uint64_t num_stale_ = 0;
};

}  // namespace intertie::sync
