// Round: the book-keeping of one merge at one site - headers until the set is known, then the execution. A faster site may
// begin the next merge while this one still applies the last, so rounds are made when their first message arrives.
// Owner thread: the loop.
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
    std::vector<Incarnation> incarnations;  // of the members, in site order
    std::uint32_t inner_steps = 0;          // that a contribution is made of
    std::vector<std::uint64_t> tokens;      // that each site's contribution was trained on, in site order
  };
  // `schedule` and `result` outlive the round.
  Round(Settings settings, const wire::Schedule& schedule, std::span<float> result);

  // A site's header (this site's own included). When the last is here the set `all` is presumed: weights from tokens.
  Result<void> take_header(SiteId from, const wire::ContributionHeader& header, reduce::Sends& sends);
  Result<void> take_chunk(SiteId from, const wire::Chunk& chunk, reduce::Sends& sends);

  reduce::Execution& execution() { return execution_; }
  const reduce::Execution& execution() const { return execution_; }
  std::uint64_t tokens() const;  // of the headers that are here
  // The sites that the commit still waits for, by number.
  std::vector<SiteId> waits_for() const;

 private:
  bool is_the_one(SiteId from, Contribution number);

  Settings settings_;
  reduce::Execution execution_;
  std::vector<std::optional<wire::ContributionHeader>> headers_;  // by site
  std::vector<std::optional<Contribution>> numbers_;              // that its header or first chunk named, by site
};

}  // namespace intertie::sync
