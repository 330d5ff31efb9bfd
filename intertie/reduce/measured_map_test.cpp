#include "intertie/reduce/measured_map.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intertie::reduce {
namespace {

wire::ProbedLink probed(std::uint16_t to, double together, double alone, std::uint64_t round_trip = 30'000'000) {
  std::vector<double> stretches(5, together / 2);  // slow at first
  stretches.resize(20, together);
  return {SiteId{to}, std::move(stretches), alone, round_trip};
}

// Three sites at 900 Mbit/s, which together lose a little to each other.
TEST(MeasuredMap, LinksThatOnlyAccessLinesLimitHaveNoRateOfTheirOwn) {
  const Map map = measured_map({"a", "b", "c"}, {{{probed(1, 430e6, 900e6), probed(2, 420e6, 890e6)}},
                                                 {{probed(0, 430e6, 890e6), probed(2, 420e6, 900e6)}},
                                                 {{probed(0, 430e6, 900e6), probed(1, 430e6, 900e6)}}});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(map.site(i).up.bits_per_second, 900e6);
    EXPECT_EQ(map.site(i).down.bits_per_second, 900e6);
    EXPECT_EQ(map.link(i, (i + 1) % 3)->rate.bits_per_second, 0);
    EXPECT_EQ(map.link(i, (i + 1) % 3)->delay, std::chrono::milliseconds(15));
  }
}

TEST(MeasuredMap, ASlowSiteAndASlowLinkAreToldApart) {
  // c is slow, and so is the link from a to b.
  const Map map = measured_map({"a", "b", "c"}, {{{probed(1, 100e6, 100e6), probed(2, 120e6, 240e6)}},
                                                 {{probed(0, 700e6, 900e6), probed(2, 120e6, 240e6)}},
                                                 {{probed(0, 120e6, 240e6), probed(1, 120e6, 240e6)}}});
  EXPECT_EQ(map.site(2).up.bits_per_second, 240e6);
  EXPECT_EQ(map.site(2).down.bits_per_second, 240e6);
  EXPECT_EQ(map.site(1).up.bits_per_second, 900e6);
  EXPECT_EQ(map.link(0, 2)->rate.bits_per_second, 0);
  EXPECT_EQ(map.link(0, 1)->rate.bits_per_second, 100e6);
}

TEST(MeasuredMap, PairsThatTogetherCarryWhatEachCarriesAloneAddUp) {
  const Map map = measured_map({"a", "b", "c"}, {{{probed(1, 50e6, 50e6), probed(2, 20e6, 20e6)}},
                                                 {{probed(0, 50e6, 50e6), probed(2, 80e6, 80e6)}},
                                                 {{probed(0, 20e6, 20e6), probed(1, 80e6, 80e6)}}});
  EXPECT_EQ(map.site(0).up.bits_per_second, 70e6);
  EXPECT_EQ(map.site(2).down.bits_per_second, 100e6);
  EXPECT_EQ(map.link(2, 1)->rate.bits_per_second, 80e6);
}

TEST(MeasuredMap, RatesThatDifferByNoiseAreTheSame) {
  const Map map = measured_map({"a", "b", "c"}, {{{probed(1, 0, 92e5), probed(2, 0, 94e5)}},
                                                 {{probed(0, 0, 93e5), probed(2, 0, 60e5)}},
                                                 {{probed(0, 0, 120e5), probed(1, 0, 1e5)}}});
  // Up 94, 93, 120; down 120, 92, 94: 92 to 94 are alike, and so are the two of 120.
  const double mean = (92e5 + 93e5 + 94e5 + 94e5) / 4;
  for (const BitRate rate : {map.site(0).up, map.site(1).up, map.site(1).down, map.site(2).down}) {
    EXPECT_DOUBLE_EQ(rate.bits_per_second, mean);
  }
  EXPECT_EQ(map.site(2).up.bits_per_second, 120e5);
  EXPECT_EQ(map.site(0).down.bits_per_second, 120e5);
}

// Two links of a site take turns at having the most of its access; together they never have more than there is.
TEST(MeasuredMap, OneSecondCounts) {
  const auto link = [](std::uint16_t to, std::vector<double> together) {
    return wire::ProbedLink{SiteId{to}, std::move(together), 5e8, 0};
  };
  std::vector<double> one(10, 6e8), other(10, 3e8);
  one.resize(20, 3e8);
  other.resize(25, 6e8);
  other.resize(40, 1e8);
  const Map map = measured_map({"a", "b", "c"}, {{{link(1, one), link(2, other)}}, {}, {}});
  EXPECT_DOUBLE_EQ(map.site(0).up.bits_per_second, 9e8);
  EXPECT_DOUBLE_EQ(map.site(1).down.bits_per_second, 6e8);
}

TEST(MeasuredMap, LessThanASecondIsNoRate) {
  const wire::ProbedLink link{SiteId{1}, std::vector<double>(9, 9e8), 5e8, 0};
  EXPECT_EQ(measured_map({"a", "b"}, {{{link}}, {}}).site(0).up.bits_per_second, 5e8);
}

TEST(MeasuredMap, WhatCannotBeIsRefused) {
  const auto checked = [](const wire::ProbedLink& link) { return static_cast<bool>(check_report({{link}}, SiteId{0}, 3)); };
  EXPECT_TRUE(checked(probed(2, 0, 9e8)));
  EXPECT_FALSE(checked(probed(3, 1, 1))) << "no site of the run";
  EXPECT_FALSE(checked(probed(0, 1, 1))) << "itself";
  for (const double rate : {-1.0, 1e16, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(checked(probed(1, rate, 1))) << rate;
    EXPECT_FALSE(checked(probed(1, 1, rate))) << rate;
  }
  EXPECT_FALSE(checked(probed(1, 1, 1, ~std::uint64_t{0})));
  EXPECT_FALSE(check_report({{probed(1, 1, 1), probed(1, 1, 1)}}, SiteId{0}, 3)) << "twice";
  EXPECT_FALSE(checked({SiteId{1}, std::vector<double>(2000, 1.0), 1, 1}));
}

TEST(MeasuredMap, NothingThatWasDeliveredIsNoLink) {
  const Map map = measured_map({"a", "b"}, {{{probed(1, 0, 0)}}, {{probed(0, 9e6, 9e6)}}});
  EXPECT_FALSE(map.link(0, 1));
  EXPECT_TRUE(map.link(1, 0));
}

}  // namespace
}  // namespace intertie::reduce
