#include "intertie/sync/timetable.h"

#include <algorithm>
#include <numeric>

#include "intertie/base/check.h"
#include "intertie/train/learning_rate.h"

namespace intertie::sync {

Timetable::Timetable(const Settings& sync, const train::Settings& train, std::vector<int> batch_sizes, int length)
    : batch_sizes_(std::move(batch_sizes)), length_(static_cast<std::uint64_t>(length)) {
  const int samples = std::accumulate(batch_sizes_.begin(), batch_sizes_.end(), 0);
  INTERTIE_CHECK(samples > 0 && length > 0);
  if (sync.method == Method::diloco) steps_per_version_ = static_cast<std::uint64_t>(sync.every);
  tokens_per_step_ = static_cast<std::uint64_t>(samples) * length_;
  tokens_ = std::max<std::uint64_t>(1, train::in_tokens(train.tokens, tokens_per_step_));
}

std::uint64_t Timetable::samples_per_step(std::span<const SiteId> members) const {
  std::uint64_t samples = 0;
  for (const SiteId member : members) samples += static_cast<std::uint64_t>(batch_sizes_[member.value]);
  return samples;
}

Lap Timetable::lap(const wire::Progress& progress, std::vector<SiteId> members) const {
  INTERTIE_CHECK(!complete(progress) && !members.empty());
  const std::uint64_t samples = samples_per_step(members);
  const std::uint64_t tokens = samples * length_;
  const std::uint64_t steps_left = (tokens_ - progress.tokens + tokens - 1) / tokens;
  return {.version = progress.version.next(),
          .members = std::move(members),
          .steps = static_cast<std::uint32_t>(std::min(steps_left, steps_per_version_)),
          .first_step = progress.step,
          .first_sample = progress.next_sample,
          .samples_per_step = samples,
          .tokens_before = progress.tokens};
}

wire::Progress Timetable::after(const Lap& lap, std::span<const SiteId> set) const {
  return {.version = lap.version,
          .step = lap.first_step + lap.steps,
          .next_sample = lap.first_sample + lap.steps * lap.samples_per_step,
          .tokens = lap.tokens_before + lap.steps * samples_per_step(set) * length_};
}

wire::SampleRange Timetable::samples_of(const Lap& lap, SiteId site, std::uint32_t step) const {
  const auto own = std::find(lap.members.begin(), lap.members.end(), site);
  INTERTIE_CHECK(own != lap.members.end());
  const std::uint64_t before = samples_per_step({lap.members.begin(), own});
  return {.first = lap.first_sample + step * lap.samples_per_step + before,
          .count = static_cast<std::uint32_t>(batch_sizes_[site.value])};
}

std::uint64_t Timetable::tokens_before(const Lap& lap, std::uint32_t step) const {
  return lap.tokens_before + step * lap.samples_per_step * length_;
}

std::uint64_t Timetable::tokens_of(SiteId site) const { return static_cast<std::uint64_t>(batch_sizes_[site.value]) * length_; }

std::uint64_t Timetable::num_steps(const wire::Progress& progress, std::span<const SiteId> members) const {
  if (complete(progress)) return progress.step;
  const std::uint64_t tokens = samples_per_step(members) * length_;
  return progress.step + (tokens_ - progress.tokens + tokens - 1) / tokens;
}

bool Timetable::falls_on(const wire::Progress& before, const wire::Progress& after, const train::Stretch& every) const {
  if (every.count == 0) return false;
  if (complete(after)) return true;
  const std::uint64_t period = train::in_tokens(every, tokens_per_step_);
  return after.tokens / period > before.tokens / period;
}

}  // namespace intertie::sync
