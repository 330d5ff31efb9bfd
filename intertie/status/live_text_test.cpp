#include "intertie/status/live_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::status {
namespace {

using ::testing::ElementsAre;

TEST(LiveText, ColumnsAreThoseOfATerminal) {
  EXPECT_EQ(columns_of(""), 0);
  EXPECT_EQ(columns_of("abc"), 3);
  EXPECT_EQ(columns_of("Zürich"), 6);
  EXPECT_EQ(columns_of("e\u0301"), 1) << "a combining accent";
  EXPECT_EQ(columns_of("東京"), 4);
  EXPECT_EQ(columns_of("█▒"), 2);
  EXPECT_EQ(columns_of("\xff\x1b["), 3) << "each bad byte is shown as ?";
}

TEST(LiveText, FitsAndSaysThatSomethingIsLeftOut) {
  EXPECT_EQ(fit("columbus", 8, true), "columbus");
  EXPECT_EQ(fit("columbus", 5, true), "colu…");
  EXPECT_EQ(fit("columbus", 5, false), "colu~");
  EXPECT_EQ(fit("columbus", 1, true), "…");
  EXPECT_EQ(fit("columbus", 0, true), "");
  EXPECT_EQ(fit("東京都", 4, true), "東…") << "never half a character";
  EXPECT_EQ(fit("a\x1b[2Jb\r\n\x9b\xc2\x9b", 80, true), "a?[2Jb????") << "nothing that a terminal obeys";
}

TEST(LiveText, LinesOfPiecesFit) {
  const LiveLine line = {{"ash", LiveStyle::bold}, {"burn", LiveStyle::dim}};
  EXPECT_EQ(columns_of(line), 7);
  EXPECT_EQ(terminal_text(fit(line, 5, true), false), "ashb…");
  EXPECT_EQ(terminal_text(fit(line, 3, true), false), "ash");
  EXPECT_EQ(terminal_text(pad_right(line, 9, true), false), "ashburn  ");
  EXPECT_EQ(terminal_text(pad_left(line, 9, true), false), "  ashburn");
  EXPECT_EQ(terminal_text(pad_left(line, 2, true), false), "a…");
}

TEST(LiveText, ColourIsThereOnlyWhereItIsWanted) {
  const LiveLine line = {{"plain "}, {"good", LiveStyle::good}};
  EXPECT_EQ(terminal_text(line, true), "plain \x1b[32mgood\x1b[0m");
  EXPECT_EQ(terminal_text(line, false), "plain good");
}

TEST(LiveText, WrapsAtSpaces) {
  EXPECT_THAT(wrap("reaches columbus over quincy", 16, 3, true), ElementsAre("reaches columbus", "over quincy"));
  EXPECT_THAT(wrap("reaches columbus over quincy", 9, 2, true), ElementsAre("reaches", "columbus…"));
  EXPECT_THAT(wrap("averyveryverylongword", 8, 3, true), ElementsAre("averyver", "yverylon", "gword"));
  EXPECT_THAT(wrap("short", 8, 3, true), ElementsAre("short"));
  EXPECT_THAT(wrap("東京東京", 3, 5, true), ElementsAre("東", "京", "東", "京"));
  EXPECT_TRUE(wrap("", 8, 3, true).empty());
}

// Whatever the text and the room: it ends, and no line is too wide.
TEST(LiveText, NoLineIsEverTooWide) {
  for (const char* text : {"reaches columbus over quincy", "東京 東京東京", " a  b ", "\xff\xfe\xfd \x1b"}) {
    for (int columns = 1; columns < 40; ++columns) {
      for (const std::string& line : wrap(text, columns, 4, true)) EXPECT_LE(columns_of(line), columns) << text;
    }
  }
}

}  // namespace
}  // namespace intertie::status
