#include "intertie/wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::wire {
namespace {

TEST(Words, AreOneShortLine) {
  EXPECT_EQ(Words("ashburn: \x1b[31mred\r\nnext").text(), "ashburn:  [31mred  next");
  EXPECT_EQ(Words("x\u009b31my\u00e9\u00a0").text(), "x 31my\u00e9\u00a0") << "what a terminal takes for the same";
  const Words cut(std::string(kMaxWords - 4, 'x') + "é" + std::string(100, 'y'));
  EXPECT_EQ(cut.text(), std::string(kMaxWords - 4, 'x') + "...") << "not within a character";
  EXPECT_EQ(Words(cut.text()), cut);
  const std::string fits(kMaxWords, 'x');
  EXPECT_EQ(Words(fits).text(), fits);
}

TEST(Words, ThatAreNotOneShortLineAreRefused) {
  for (const std::string& text : {std::string(kMaxWords + 1, 'x'), std::string("two\nlines")}) {
    Writer writer;
    writer(text);
    const std::vector<std::byte> bytes = writer.take();
    Reader reader(bytes);
    Words words;
    reader(words);
    EXPECT_FALSE(reader.ok());
  }
}

}  // namespace
}  // namespace intertie::wire
