#include "intertie/site/control.h"

#include <gtest/gtest.h>

namespace intertie::site {
namespace {

TEST(ControlLines, AreReadAsTheyWereWritten) {
  for (const auto kind : {ControlLine::Kind::cut, ControlLine::Kind::mend}) {
    const ControlLine line{.kind = kind, .site = "columbus"};
    const Result<ControlLine> read = parse_control_line(line.text());
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, line);
  }
  EXPECT_EQ((ControlLine{.kind = ControlLine::Kind::mend, .site = "a"}.text()), "mend a");
}

TEST(ControlLines, LeavingNamesNobody) {
  const ControlLine line{.kind = ControlLine::Kind::leave, .site = {}};
  EXPECT_EQ(line.text(), "leave");
  const Result<ControlLine> read = parse_control_line("leave");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, line);
}

TEST(ControlLines, OthersAreRefused) {
  for (const char* text : {"", "cut", "cut ", "cut a b", "cutcolumbus", "CUT a", " cut a", "leave ", "leave a", "leaves"})
    EXPECT_FALSE(parse_control_line(text)) << text;
  EXPECT_EQ(parse_control_line("cat\x1b[2J").error().message(),
            "standard input: \"cat\\x1b[2J\" says nothing to a site; write cut NAME, mend NAME or leave");
}

}  // namespace
}  // namespace intertie::site
