#include "intertie/site/run_file_nesting.h"

#include <gtest/gtest.h>

#include <string>

namespace intertie::site {
namespace {

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::size_t line_of(const std::string& text) {
  const auto deep = find_too_deep(text);
  return deep ? deep->line : 0;
}

TEST(RunFileNesting, KeysOfManyParts) {
  EXPECT_EQ(line_of("\na" + repeated(".a", 31) + " = 1\n"), 0U);
  EXPECT_EQ(line_of("\na" + repeated(".a", 32) + " = 1\n"), 2U);
  EXPECT_EQ(line_of("[a" + repeated(" . \"a\"", 20000) + "]\n"), 1U) << "in a header, quoted";
  EXPECT_EQ(line_of("a = [{ b" + repeated(".'b'", 40) + " = 1 }]\n"), 1U) << "in a table within a list";
  EXPECT_EQ(line_of(repeated("a.b.c = 1.5\n", 100)), 0U) << "each line counts by itself";
  EXPECT_EQ(line_of("a = [" + repeated("1.5, ", 100) + "]\n"), 0U);
}

TEST(RunFileNesting, ListsAndTables) {
  EXPECT_EQ(line_of("a = " + repeated("[", 32) + repeated("]", 32) + "\n[b]\n[[c]]\n"), 0U);
  EXPECT_EQ(line_of("a = " + repeated("[\n", 33)), 33U);
  EXPECT_EQ(line_of("a = " + repeated("{a=", 33)), 1U);
}

TEST(RunFileNesting, StringsAndCommentsAreNotLookedInto) {
  const std::string dots = repeated(".", 100);
  EXPECT_EQ(line_of("a = \"" + dots + "\\\"" + dots + "\" # " + dots + "\nb = '" + dots + "\\'\n"), 0U);
  EXPECT_EQ(line_of("a = \"\"\"\n" + dots + "\"\n" + dots + "\"\"\"\"\"\nb = '''\n" + dots + "''''\n"), 0U);
  EXPECT_EQ(line_of("a = \"\"\nb" + dots), 2U) << "after an empty string";
  EXPECT_EQ(line_of("a = \"\"\"\"\"\"\nb" + dots), 2U) << "after a long empty string";
  EXPECT_EQ(line_of("a = [\"\"\"x\"\"\"\", {b" + dots + "}]"), 1U) << "after a string that ends with a quote";
  EXPECT_EQ(line_of("a = \"open\nb" + dots), 2U);
}

}  // namespace
}  // namespace intertie::site
