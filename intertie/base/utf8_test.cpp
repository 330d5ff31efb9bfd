#include "intertie/base/utf8.h"

#include <gtest/gtest.h>

namespace intertie {
namespace {

TEST(Utf8, EveryScalarValueComesBack) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_code_point(text, c);
    std::string_view rest = text;
    ASSERT_EQ(take_code_point(rest), c);
    ASSERT_TRUE(rest.empty());
  }
}

TEST(Utf8, RefusesWhatIsNotUtf8AndLeavesItInPlace) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5", "\xC3",
                          "\xE2\x82", "\xC3("}) {
    std::string_view rest = bad;
    EXPECT_FALSE(take_code_point(rest)) << bad;
    EXPECT_EQ(rest, bad);
  }
}

TEST(Utf8, FindsTheFirstInvalidByte) {
  EXPECT_EQ(find_invalid_utf8("h\xC3\xA9llo"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("h\xC3\xA9\xFFllo"), 3U);
}

TEST(Utf8, DescribesControlCharactersByNumber) {
  EXPECT_EQ(describe_code_point('x'), "'x' (U+0078)");
  EXPECT_EQ(describe_code_point('\n'), "U+000A");
}

}  // namespace
}  // namespace intertie
