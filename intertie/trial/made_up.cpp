#include "intertie/trial/made_up.h"

#include "intertie/env/random.h"

namespace intertie::trial {

void make_up(std::uint64_t seed, SiteId site, std::uint64_t first, std::span<float> values) {
  const std::uint64_t key = env::Random(seed).fork(site.value).state();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = static_cast<std::int32_t>(env::mix(key + first + i) >> 40) - (1 << 23);  // 24 bits: exact in f32
    values[i] = static_cast<float>(bits) * 0x1.0p-23F;
  }
}

}  // namespace intertie::trial
