// Timetable: the run as arithmetic - which inner steps a version contains, which samples a site draws in a step, how many
// tokens were counted. The run file says it but for two things that the sites agree on as the run goes: who makes a version,
// and whose contributions it contained. Where the run stands is wire::Progress. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/ids.h"
#include "intertie/sync/settings.h"
#include "intertie/train/settings.h"
#include "intertie/wire/messages.h"

namespace intertie::sync {

// One version's part of the run.
struct Lap {
  Version version;
  std::vector<SiteId> members;  // that make it, in site order
  std::uint32_t steps = 0;      // inner steps of each
  std::uint64_t first_step = 0;
  std::uint64_t first_sample = 0;
  std::uint64_t samples_per_step = 0;  // over the members
  std::uint64_t tokens_before = 0;     // counted when it begins
};

class Timetable {
 public:
  // `batch_sizes`: sequences per step of each site, in site order; `length`: tokens of a sequence.
  Timetable(const Settings& sync, const train::Settings& train, std::vector<int> batch_sizes, int length);

  bool complete(const wire::Progress& progress) const { return progress.tokens >= tokens_; }
  // The version after `progress`, made by `members`. Not when the run is complete.
  Lap lap(const wire::Progress& progress, std::vector<SiteId> members) const;
  // docs/protocol.md rule 19: every sample that was drawn is behind us, the tokens of `set` are counted.
  wire::Progress after(const Lap& lap, std::span<const SiteId> set) const;

  // Of the lap's step number `step`, from 0. docs/protocol.md rule 19: the samples of a step are divided among the members in
  // site order.
  wire::SampleRange samples_of(const Lap& lap, SiteId site, std::uint32_t step) const;
  // Counted before that step, if all members' are.
  std::uint64_t tokens_before(const Lap& lap, std::uint32_t step) const;
  // Tokens that `site` trains in one step.
  std::uint64_t tokens_of(SiteId site) const;
  // Of a step that every site of the run file takes part in: the unit of "100 steps" in the run file.
  std::uint64_t tokens_per_step() const { return tokens_per_step_; }
  // Inner steps of the whole run, if the members stay.
  std::uint64_t num_steps(const wire::Progress& progress, std::span<const SiteId> members) const;

  // Whether something that happens every `every` falls on the version between (or on the end of the run, if it happens at all).
  bool falls_on(const wire::Progress& before, const wire::Progress& after, const train::Stretch& every) const;

 private:
  std::uint64_t samples_per_step(std::span<const SiteId> members) const;

  std::vector<int> batch_sizes_;
  std::uint64_t length_;
  std::uint64_t steps_per_version_ = 1;
  std::uint64_t tokens_per_step_ = 0;
  std::uint64_t tokens_ = 0;  // the run ends when so many are counted
};

}  // namespace intertie::sync
