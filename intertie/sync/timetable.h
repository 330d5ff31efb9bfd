// Timetable: the run as arithmetic - which inner steps a version contains, which samples a site draws in a step, how many
// tokens were counted. The same at every site, from the run file alone. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "intertie/base/ids.h"
#include "intertie/sync/settings.h"
#include "intertie/train/settings.h"
#include "intertie/wire/messages.h"

namespace intertie::sync {

class Timetable {
 public:
  // `batch_sizes`: sequences per step of each site, in site order; `length`: tokens of a sequence.
  Timetable(const Settings& sync, const train::Settings& train, std::vector<int> batch_sizes, int length);

  std::uint64_t num_steps() const { return num_steps_; }
  Version last_version() const { return Version{(num_steps_ + steps_per_version_ - 1) / steps_per_version_}; }
  // Version v is made by the steps [first_step(v), first_step(v + 1)); version 0 is the initial parameters.
  std::uint64_t first_step(Version version) const;
  std::uint32_t steps_of(Version version) const;

  std::uint64_t tokens_per_step() const { return samples_per_step_ * static_cast<std::uint64_t>(length_); }
  std::uint64_t tokens_before(std::uint64_t step) const { return step * tokens_per_step(); }
  // docs/protocol.md rule 15: the samples of a step are divided among the members in site order.
  wire::SampleRange samples_of(SiteId site, std::uint64_t step) const;

  // Tokens that `site` trains in one step.
  std::uint64_t tokens_of(SiteId site) const;

  // Whether something that happens every `every` falls on the end of `version` (or the last version, if it happens at all).
  bool falls_on(Version version, const train::Stretch& every) const;

 private:
  std::vector<int> batch_sizes_;
  int length_;
  std::uint64_t samples_per_step_ = 0;
  std::uint64_t steps_per_version_ = 1;
  std::uint64_t num_steps_ = 0;
};

}  // namespace intertie::sync
