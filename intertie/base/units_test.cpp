#include "intertie/base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace intertie {
namespace {

using namespace std::chrono_literals;

TEST(Units, BitRates) {
  const std::vector<std::pair<const char*, double>> table = {
      {"100 Mbit/s", 100e6}, {"100Mbit/s", 100e6}, {"  1.5   Gbit/s ", 1.5e9}, {"800 Gbit/s", 800e9}, {"1e3 kbit/s", 1e6},
      {"0 bit/s", 0},        {"0.5 bit/s", 0.5},   {"2 Tbit/s", 2e12},         {"1_000 bit/s", 1000}, {".5 Mbit/s", 500'000},
  };
  for (const auto& [text, expected] : table) {
    const auto rate = parse_bit_rate(text);
    ASSERT_TRUE(rate) << text << ": " << rate.error().message();
    EXPECT_EQ(rate->bits_per_second, expected) << text;
  }
}

TEST(Units, Durations) {
  const std::vector<std::pair<const char*, Duration>> table = {
      {"1 ns", 1ns},
      {"20 ms", 20ms},
      {"1.5 us", 1500ns},
      {"0.1 s", 100ms},
      {"10 min", 600s},
      {"2 h", 7200s},
      {"1 d", 86400s},
      {"0.4 ns", 0ns},
      {"0.6 ns", 1ns},
      {"0.3 s", 300ms},
      {"1e-3 s", 1ms},
      {"0 s", 0ns},
      {"106751 d", Duration(std::int64_t{106751} * 86400 * 1'000'000'000)},
  };
  for (const auto& [text, expected] : table) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text << ": " << duration.error().message();
    EXPECT_EQ(duration->count(), expected.count()) << text;
  }
}

TEST(Units, ByteSizesPowersAndCounts) {
  EXPECT_EQ(parse_bytes("4 MiB")->value, 4U << 20U);
  EXPECT_EQ(parse_bytes("1.5 KiB")->value, 1536U);
  EXPECT_EQ(parse_bytes("4 MB")->value, 4'000'000U);
  EXPECT_EQ(parse_bytes("0.3 kB")->value, 300U) << "0.3 is not a binary fraction";
  EXPECT_EQ(parse_bytes("16 TiB")->value, std::uint64_t{16} << 40U);
  EXPECT_EQ(parse_watts("30 MW")->value, 30e6);
  EXPECT_EQ(parse_watts("1.2GW")->value, 1.2e9);
  EXPECT_EQ(*parse_count("20"), 20U);
  EXPECT_EQ(*parse_count("20_000"), 20'000U);
  EXPECT_EQ(*parse_count("20 k"), 20'000U);
  EXPECT_EQ(*parse_count("20 M"), 20'000'000U);
  EXPECT_EQ(*parse_count("1.5 B"), 1'500'000'000U);
  EXPECT_EQ(*parse_count("2T"), 2'000'000'000'000U);
  EXPECT_EQ(*parse_count("1.005 k"), 1005U);
  EXPECT_EQ(*parse_count("18446744073709551615"), std::numeric_limits<std::uint64_t>::max()) << "exact above 2^53";
}

struct Bad {
  const char* text;
  const char* what;
  const char* fix;
};

template <class Parse>
void expect_errors(Parse parse, const std::vector<Bad>& table) {
  for (const Bad& bad : table) {
    const auto result = parse(bad.text);
    ASSERT_FALSE(result) << bad.text;
    EXPECT_EQ(result.error().code, ErrorCode::reconfigure) << bad.text;
    EXPECT_EQ(result.error().what, bad.what) << bad.text;
    EXPECT_EQ(result.error().fix, bad.fix) << bad.text;
  }
}

TEST(Units, BadBitRates) {
  const char* units = "units are bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s";
  const std::string meant_mega = std::string("did you mean \"Mbit/s\"? ") + units;
  const char* example = "write for example \"100 Mbit/s\"";
  expect_errors(parse_bit_rate, {
                                    {"100", "missing unit", example},
                                    {"250", "missing unit", "write for example \"250 Mbit/s\""},
                                    {"", "no value", example},
                                    {"   ", "no value", example},
                                    {"Mbit/s", "\"Mbit/s\" does not begin with a number", example},
                                    {"fast", "\"fast\" does not begin with a number", example},
                                    {"nan Mbit/s", "\"nan Mbit/s\" does not begin with a number", example},
                                    {"inf Mbit/s", "\"inf Mbit/s\" does not begin with a number", example},
                                    {"-3 Mbit/s", "must not be negative", example},
                                    {"-0 Mbit/s", "must not be negative", example},
                                    {"1e999 bit/s", "number out of range", example},
                                    {"1e308 Tbit/s", "number out of range", example},
                                    {"100 mbit/s", "unknown unit \"mbit/s\"", meant_mega.c_str()},
                                    {"100 Mbits", "unknown unit \"Mbits\"", meant_mega.c_str()},
                                    {"100 Mbit/s up", "unknown unit \"Mbit/s up\"", units},
                                    {"100 parsecs", "unknown unit \"parsecs\"", units},
                                    {"1,5 Mbit/s", "unknown unit \",5 Mbit/s\"", units},
                                    {"1__0 Mbit/s", "unknown unit \"__0 Mbit/s\"", units},
                                });
}

TEST(Units, BadDurationsBytesAndCounts) {
  const char* example = "write for example \"20 ms\"";
  const std::string units = "units are ns, us, ms, s, min, h, d";
  expect_errors(parse_duration, {{"20", "missing unit", example},
                                 {"300 y", "unknown unit \"y\"", units.c_str()},
                                 {"20 MS", "unknown unit \"MS\"", ("did you mean \"ms\"? " + units).c_str()},
                                 {"20 mins", "unknown unit \"mins\"", ("did you mean \"min\"? " + units).c_str()},
                                 {"106752 d", "number out of range", example}});
  EXPECT_EQ(parse_bytes("0.5 B").error().what, "not a whole number");
  EXPECT_EQ(parse_bytes("20000000 TB").error().what, "number out of range");
  EXPECT_EQ(parse_bytes("64").error().fix, "write for example \"64 MiB\"");
  EXPECT_EQ(parse_watts("5").error().fix, "write for example \"5 MW\"");
  EXPECT_EQ(parse_count("1.5").error().what, "not a whole number");
  EXPECT_EQ(parse_count("18446744073709551616").error().what, "number out of range");
  EXPECT_EQ(parse_count("20 m").error().fix, "did you mean \"M\"? units are k, M, B, T");
  EXPECT_EQ(parse_count("x").error().fix, "write for example \"20 M\"");
}

TEST(Units, AMessageStaysOnOneLine) {
  const auto result = parse_count(std::string("1 \n\0x", 5));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message().find('\n'), std::string::npos);
}

TEST(Units, ForPeopleRatesBytesPowerCounts) {
  EXPECT_EQ(to_string(BitRate{94.1e6}), "94.1 Mbit/s");
  EXPECT_EQ(to_string(BitRate{999.4e6}), "999 Mbit/s");
  EXPECT_EQ(to_string(BitRate{999.6e6}), "1.00 Gbit/s") << "never 1000 of a smaller unit";
  EXPECT_EQ(to_string(BitRate{9.996e6}), "10.0 Mbit/s");
  EXPECT_EQ(to_string(BitRate{0}), "0 bit/s");
  EXPECT_EQ(to_string(BitRate{5e15}), "5000 Tbit/s");
  EXPECT_EQ(to_string(Bytes{1'250'000'000}), "1.25 GB");
  EXPECT_EQ(to_string(Bytes{512}), "512 B");
  EXPECT_EQ(to_string(Watts{30e6}), "30.0 MW");
  EXPECT_EQ(count_to_string(20'000'000), "20.0 M");
  EXPECT_EQ(count_to_string(200), "200");
  EXPECT_EQ(count_to_string(0), "0");
}

TEST(Units, ForPeopleDurations) {
  const std::vector<std::pair<Duration, const char*>> table = {
      {0ns, "0 ns"},
      {20ms, "20.0 ms"},
      {1250us, "1.25 ms"},
      {59900ms, "59.9 s"},
      {59960ms, "1 min"},
      {200s, "3 min 20 s"},
      {3599700ms, "1 h"},
      {7500s, "2 h 5 min"},
      {86400s, "1 d"},
      {100000s, "1 d 4 h"},
      {-1500ms, "-1.50 s"},
      {Duration::min(), "-106752 d"},
      {Duration::max(), "106752 d"},
  };
  for (const auto& [duration, expected] : table) EXPECT_EQ(to_string(duration), expected);
}

TEST(Units, WhatIsWrittenIsReadBack) {
  for (double rate = 1; rate < 1e14; rate *= 3.7) {
    EXPECT_NEAR(parse_bit_rate(to_string(BitRate{rate}))->bits_per_second / rate, 1, 0.005);
    EXPECT_NEAR(parse_watts(to_string(Watts{rate}))->value / rate, 1, 0.005);
  }
  for (std::uint64_t n = 1; n < 1'000'000'000'000'000; n = n * 7 + 3) {
    EXPECT_NEAR(static_cast<double>(*parse_count(count_to_string(n))) / static_cast<double>(n), 1, 0.005);
    EXPECT_NEAR(static_cast<double>(parse_bytes(to_string(Bytes{n}))->value) / static_cast<double>(n), 1, 0.005);
  }
  for (std::int64_t n = 1; n < 50'000'000'000; n = n * 7 + 3) {
    EXPECT_NEAR(static_cast<double>(parse_duration(to_string(Duration(n)))->count()) / static_cast<double>(n), 1, 0.005);
  }
}

TEST(Units, TransferTime) { EXPECT_EQ(transfer_time(Bytes{1'250'000}, BitRate{100e6}), Duration(100ms)); }

}  // namespace
}  // namespace intertie
