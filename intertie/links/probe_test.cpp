#include "intertie/links/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace intertie::links {
namespace {

using namespace std::chrono_literals;

TEST(ProbeSlots, EveryPairOnceAndNobodyTwiceInASlot) {
  for (std::uint16_t num = 0; num <= 32; ++num) {
    std::set<std::pair<SiteId, SiteId>> all;
    for (const Pairs& pairs : probe_slots(num)) {
      std::set<SiteId> busy;
      for (const auto& [a, b] : pairs) {
        EXPECT_LT(a, b);
        EXPECT_LT(b.value, num);
        EXPECT_TRUE(busy.insert(a).second && busy.insert(b).second) << num << " sites";
        EXPECT_TRUE(all.emplace(a, b).second) << num << " sites";
      }
    }
    EXPECT_EQ(all.size(), num * (num - 1U) / 2U * (num > 1 ? 1U : 0U));
    EXPECT_EQ(probe_slots(num).size(), num < 2 ? 0U : num - 1U + num % 2U);
  }
}

std::vector<Delivered> samples_of(const std::vector<std::pair<int, std::uint64_t>>& points) {  // milliseconds, bytes
  std::vector<Delivered> samples;
  for (const auto& [ms, bytes] : points) samples.push_back({env::TimePoint(std::chrono::milliseconds(ms)), Bytes{bytes}});
  return samples;
}

TEST(BestRate, IsOfTheBestStretch) {
  EXPECT_EQ(best_rate(samples_of({}), 500ms).bits_per_second, 0);
  EXPECT_EQ(best_rate(samples_of({{0, 0}, {400, 1000}}), 500ms).bits_per_second, 0) << "too short";
  // Slow at first, then 1,000 bytes in 500 ms, then nothing.
  const auto samples = samples_of({{0, 0}, {250, 100}, {500, 200}, {750, 700}, {1000, 1200}, {1250, 1200}, {1500, 1200}});
  EXPECT_DOUBLE_EQ(best_rate(samples, 500ms).bits_per_second, 8 * 1000 / 0.5);
}

TEST(BestRate, AStreamThatBeginsAnewIsNoRate) {
  EXPECT_DOUBLE_EQ(best_rate(samples_of({{0, 9000}, {500, 100}, {1000, 600}}), 500ms).bits_per_second, 8 * 500 / 0.5);
}

TEST(RatesOfStretches, OneAfterAnother) {
  EXPECT_THAT(rates_of_stretches({}, 500ms), ::testing::IsEmpty());
  EXPECT_THAT(rates_of_stretches(samples_of({{0, 0}, {400, 1000}}), 500ms), ::testing::IsEmpty());
  const auto samples =
      samples_of({{0, 0}, {250, 100}, {500, 200}, {750, 700}, {1000, 1200}, {1250, 1200}, {1520, 1200}, {1900, 9000}});
  EXPECT_THAT(rates_of_stretches(samples, 500ms), ::testing::ElementsAre(8 * 200 / 0.5, 8 * 1000 / 0.5, 0.0));
}

TEST(Probe, LastsLongerWhereRoundTripsAreLong) {
  EXPECT_LT(Probe::order_for(5ms).fill, 5'000'000'000U);
  EXPECT_GT(Probe::order_for(80ms).fill, Probe::order_for(5ms).fill);
  for (const Duration round_trip : {Duration(0), Duration(5ms), Duration(100ms), Duration(30s)})
    EXPECT_TRUE(Probe::is_sane(Probe::order_for(round_trip)));
}

TEST(Probe, RefusesWhatWouldKeepLinksBusy) {
  EXPECT_FALSE(Probe::is_sane({.fill = 11'000'000'000, .rest = 0}));
  EXPECT_FALSE(Probe::is_sane({.fill = 1'000'000'000, .rest = ~std::uint64_t{0}}));
  EXPECT_FALSE(Probe::is_sane({.fill = 100, .rest = 0}));
  EXPECT_FALSE(Probe::is_sane({.fill = 1'000'000'000, .rest = 0, .round_trip = ~std::uint64_t{0}}));
}

}  // namespace
}  // namespace intertie::links
