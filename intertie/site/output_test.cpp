#include "intertie/site/output.h"

#include <gtest/gtest.h>

namespace intertie::site {
namespace {

TEST(Output, WhatATerminalWouldObeyIsEscaped) {
  EXPECT_EQ(printable("a line,\n\ta tab, caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "a line,\n\ta tab, caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(printable("\x1b[31m\a\r\x7f"), "\\x1b[31m\\x07\\x0d\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m")
      << "a control sequence in eight bits";
  EXPECT_EQ(printable("\x9B \xFF \xE2\x82"), "\\x9b \\xff \\xe2\\x82") << "not UTF-8";
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace intertie::site
