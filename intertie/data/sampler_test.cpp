#include "intertie/data/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "intertie/data/positions_fixture.h"

namespace intertie::data {
namespace {

TEST(Permute, IsABijectionOfEverySize) {
  for (const std::uint64_t size : {1U, 2U, 3U, 4U, 5U, 63U, 64U, 65U, 1000U, 4097U}) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t image = permute(i, size, 99);
      EXPECT_LT(image, size);
      seen.insert(image);
    }
    EXPECT_EQ(seen.size(), size);
  }
}

TEST(Permute, HardlyEverKeepsAnOrder) {
  int neighbours = 0;
  for (std::uint64_t i = 0; i + 1 < 1000; ++i) neighbours += permute(i + 1, 1000, 5) == permute(i, 1000, 5) + 1 ? 1 : 0;
  EXPECT_LT(neighbours, 10);
}

TEST(Sampler, SampleIsAFunctionOfSeedAndNumberAlone) {
  const Sampler one = Sampler::make(positions(5000), 16, 7).value();
  const Sampler two = Sampler::make(positions(5000), 16, 7).value();
  EXPECT_EQ(one.batch(123, 4).tokens, two.batch(123, 4).tokens);
  const Sampler other = Sampler::make(positions(5000), 16, 8).value();
  EXPECT_NE(one.batch(123, 4).tokens, other.batch(123, 4).tokens);
}

TEST(Sampler, DivisionAmongSitesDrawsTheSameSamples) {
  const Sampler sampler = Sampler::make(positions(5000), 16, 7).value();
  std::vector<std::uint16_t> together;
  for (const auto& [first, count] : {std::pair<std::uint64_t, int>{600, 5}, {605, 1}, {606, 6}}) {
    const Batch part = sampler.batch(first, count);
    together.insert(together.end(), part.tokens.begin(), part.tokens.end());
  }
  EXPECT_EQ(together, sampler.batch(600, 12).tokens);
}

TEST(Sampler, EveryPassCoversEveryWindowOnceAndPredictsNoTokenTwice) {
  const int length = 16;
  const Sampler sampler = Sampler::make(positions(1003), length, 3).value();
  const std::uint64_t windows = sampler.samples_per_pass();
  EXPECT_EQ(windows, (1002U - 15U) / 16U);
  std::set<unsigned> phases;
  for (std::uint64_t pass = 0; pass < 20; ++pass) {
    std::set<std::uint16_t> starts;
    for (std::uint64_t k = 0; k < windows; ++k) starts.insert(sampler.batch(pass * windows + k, 1).tokens.front());
    ASSERT_EQ(starts.size(), windows);
    const unsigned phase = *starts.begin();
    phases.insert(phase);
    EXPECT_LT(phase, 16U);
    unsigned expected = phase;
    for (const std::uint16_t start : starts) {
      EXPECT_EQ(start, expected);
      expected += 16;
    }
  }
  EXPECT_GT(phases.size(), 8U);
}

TEST(Sampler, RowsAreConsecutiveTokens) {
  const Sampler sampler = Sampler::make(positions(1003), 16, 3).value();
  const Batch batch = sampler.batch(40, 3);
  ASSERT_EQ(batch.tokens.size(), 3U * 17U);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 1; j < 17; ++j) EXPECT_EQ(batch.tokens[i * 17 + j], batch.tokens[i * 17] + j);
  }
}

TEST(Sampler, TheSmallestTextIsOneSample) {
  const Sampler sampler = Sampler::make(positions(17), 16, 3).value();
  EXPECT_EQ(sampler.samples_per_pass(), 1U);
  EXPECT_EQ(sampler.batch(5, 1).tokens, sampler.batch(0, 1).tokens);
}

TEST(Sampler, TooLittleTextSaysBothNumbers) {
  EXPECT_THAT(Sampler::make(positions(16), 16, 3).error().message(),
              testing::HasSubstr("the text has 16 tokens, but one sample needs 17"));
  const Sampler sampler = Sampler::make(positions(100), 16, 3).value();
  EXPECT_TRUE(sampler.check_step(5));
  EXPECT_THAT(sampler.check_step(12).error().message(),
              testing::HasSubstr("the text of 100 tokens gives 5 samples, but one step takes 12"));
}

}  // namespace
}  // namespace intertie::data
