#include "intertie/sync/timetable.h"

#include <algorithm>
#include <numeric>

#include "intertie/base/check.h"
#include "intertie/train/learning_rate.h"

namespace intertie::sync {

Timetable::Timetable(const Settings& sync, const train::Settings& train, std::vector<int> batch_sizes, int length)
    : batch_sizes_(std::move(batch_sizes)), length_(length) {
  samples_per_step_ = static_cast<std::uint64_t>(std::accumulate(batch_sizes_.begin(), batch_sizes_.end(), 0));
  INTERTIE_CHECK(samples_per_step_ > 0 && length_ > 0);
  if (sync.method == Method::diloco) steps_per_version_ = static_cast<std::uint64_t>(sync.every);
  const std::uint64_t tokens = train::in_tokens(train.tokens, tokens_per_step());
  num_steps_ = std::max<std::uint64_t>(1, (tokens + tokens_per_step() - 1) / tokens_per_step());
}

std::uint64_t Timetable::first_step(Version version) const {
  if (version.value == 0) return 0;
  return std::min(num_steps_, (version.value - 1) * steps_per_version_);
}

std::uint32_t Timetable::steps_of(Version version) const {
  return static_cast<std::uint32_t>(first_step(version.next()) - first_step(version));
}

wire::SampleRange Timetable::samples_of(SiteId site, std::uint64_t step) const {
  const auto before = std::accumulate(batch_sizes_.begin(), batch_sizes_.begin() + site.value, 0);
  return {.first = step * samples_per_step_ + static_cast<std::uint64_t>(before),
          .count = static_cast<std::uint32_t>(batch_sizes_[site.value])};
}

std::uint64_t Timetable::tokens_of(SiteId site) const {
  return static_cast<std::uint64_t>(batch_sizes_[site.value]) * static_cast<std::uint64_t>(length_);
}

bool Timetable::falls_on(Version version, const train::Stretch& every) const {
  if (every.count == 0) return false;
  if (version == last_version()) return true;
  const std::uint64_t period = train::in_tokens(every, tokens_per_step());
  return tokens_before(first_step(version.next())) / period > tokens_before(first_step(version)) / period;
}

}  // namespace intertie::sync
