#include "intertie/base/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace intertie {
namespace {

Error no_file() {
  return {.code = ErrorCode::reconfigure, .where = "run.toml:14", .what = "no such file", .fix = "make it", .cause = {}};
}

Result<int> half(int value) {
  if (value % 2 != 0) return no_file();
  return value / 2;
}

Result<int> quarter(int value) {
  INTERTIE_ASSIGN(const int once, half(value));
  INTERTIE_ASSIGN(const int twice, half(once));
  return twice;
}

Result<void> even(int value) {
  INTERTIE_RETURN_IF_ERROR(half(value));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*half(4), 2);
  EXPECT_FALSE(half(3));
  EXPECT_EQ(half(3).error().what, "no such file");
  EXPECT_TRUE(even(2));
  EXPECT_EQ(even(3).error().code, ErrorCode::reconfigure);
}

TEST(Result, PassesErrorsOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_FALSE(quarter(3)) << "the first call fails";
  EXPECT_FALSE(quarter(6)) << "the second call fails";
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Error, IsOneLine) {
  EXPECT_EQ(no_file().message(), "run.toml:14: no such file; make it");
  EXPECT_EQ(no_file().in("reading the run file").message(), "reading the run file (run.toml:14: no such file; make it)");
  EXPECT_EQ(no_file().in("a").in("b").message(), "b (a (run.toml:14: no such file; make it))");
  EXPECT_EQ(no_file().in("a").code, ErrorCode::reconfigure) << "what to do about it stays the same";
  EXPECT_STREQ(to_string(ErrorCode::give_up), "give up");
}

TEST(ResultDeathTest, AnErrorIsNoValue) {
  EXPECT_DEATH(static_cast<void>(*half(3)), "check failed");
  EXPECT_DEATH(static_cast<void>(half(3).value()), "check failed");
}

TEST(CheckDeathTest, PrintsBothValues) {
  EXPECT_DEATH(INTERTIE_CHECK_EQ(1 + 1, 3), R"(result_test.cpp:[0-9]+: check failed: 1 \+ 1 == 3 \(2 and 3\))");
  EXPECT_DEATH(INTERTIE_CHECK_LT(2, 2), "2 < 2");
  EXPECT_DEATH(INTERTIE_CHECK_LE(3, 2), "3 <= 2");
  EXPECT_DEATH(INTERTIE_CHECK(1 == 2), "1 == 2");
}

}  // namespace
}  // namespace intertie
