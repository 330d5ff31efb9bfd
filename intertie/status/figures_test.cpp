#include "intertie/status/figures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intertie::status {
namespace {

TEST(FiguresAsText, FiguresHaveUnitsAndFewDigits) {
  EXPECT_EQ(fixed(2.2134, 3), "2.213");
  EXPECT_EQ(fixed(1e12, 3), "1.00e+12");
  EXPECT_EQ(percent_to_string(0.914), "91 %");
  EXPECT_EQ(percent_to_string(0.0049), "0.5 %");
  EXPECT_EQ(percent_to_string(0), "0 %");
  EXPECT_EQ(amount_to_string(3072), "3.07 k");
  EXPECT_EQ(bytes_to_string(1.25e9), "1.25 GB");
  EXPECT_EQ(mbit_to_string(94.1), "94.1 Mbit/s");
  EXPECT_EQ(seconds_to_string(200), "3 min 20 s");
  EXPECT_EQ(milliseconds_to_string(80.23), "80.2 ms");
}

TEST(FiguresAsText, WhatIsNotKnownIsADash) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(fixed(value, 2), "-");
    EXPECT_EQ(percent_to_string(value), "-");
    EXPECT_EQ(amount_to_string(value), "-");
    EXPECT_EQ(bytes_to_string(value), "-");
    EXPECT_EQ(mbit_to_string(value), "-");
    EXPECT_EQ(seconds_to_string(value), "-");
    EXPECT_EQ(milliseconds_to_string(value), "-");
  }
  EXPECT_EQ(seconds_to_string(-1), "-");
  EXPECT_EQ(seconds_to_string(1e300), "-") << "longer than anything runs";
}

TEST(Escaped, EndsNoElementAndNoAttribute) {
  EXPECT_EQ(escaped("<a href=\"x\" b='y'>&amp;"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(escaped("plain text,\n\twith ümlaut"), "plain text,\n\twith ümlaut");
}

TEST(Escaped, ControlsAndWhatTurnsTheDirectionAreReplaced) {
  const std::string kInstead = "\xef\xbf\xbd";
  EXPECT_EQ(escaped(std::string("a\0b\x1b\x7f", 5)), "a" + kInstead + "b" + kInstead + kInstead);
  EXPECT_EQ(escaped("\xc2\x9b"), kInstead) << "C1";
  EXPECT_EQ(escaped("\xc2\xa0"), "\xc2\xa0") << "a space that does not break is a space";
  EXPECT_EQ(escaped("\xe2\x80\xae\xe2\x81\xa6"), kInstead + kInstead) << "right to left";
  EXPECT_EQ(escaped("\xe2\x80"), "\xe2\x80") << "cut off";
}

}  // namespace
}  // namespace intertie::status
