#include "tools/wan/report.h"

#include <gtest/gtest.h>

#include "intertie/base/json.h"
#include "tools/wan/test_frames.h"

namespace intertie::wan {
namespace {

using std::chrono::microseconds;

TEST(WanReport, Lateness) {
  Lateness lateness;
  EXPECT_EQ(lateness.microseconds(0.99), 0);
  for (int i = 1; i <= 100; ++i) lateness.add(microseconds(10 * i));
  lateness.add(std::chrono::seconds(9));
  EXPECT_EQ(lateness.microseconds(0.5), 510);
  EXPECT_EQ(lateness.microseconds(0.99), 1000);
  EXPECT_EQ(lateness.microseconds(1), 99'999) << "at least";
  EXPECT_EQ(lateness.num_too_late(), 1U);
  lateness.add(microseconds(2000));
  lateness.add(microseconds(2001));
  EXPECT_EQ(lateness.num_too_late(), 2U);
}

TEST(WanReport, NamesLinesThatHadSomethingToDo) {
  const Options options{.sites = {"a", "b", "c"}};
  Pool pool;
  Lines lines = lines_of(options, pool);
  Frame read = pool.take(kLongestFrame);
  lines.send({0, 2, 0}, pool.keep(read, plain_frame(1500).size()), Time{});
  ASSERT_TRUE(lines.take(Time{}));
  lines.line({1, 0, 0}).cut = true;
  lines.send({1, 0, 0}, pool.keep(read, plain_frame(1500).size()), Time{});
  const std::string text = report(options, lines, {.seconds = 2, .cpu_seconds = 0.5, .strays = 3});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const Result<Json> json = parse_json(text);
  ASSERT_TRUE(json) << text;
  EXPECT_EQ((*json)["packets"].whole(), 1U);
  EXPECT_EQ((*json)["bytes"].whole(), 1500U);
  EXPECT_EQ((*json)["cut"].whole(), 1U);
  EXPECT_EQ((*json)["strays"].whole(), 3U);
  const Json::Array& reported = (*json)["lines"].items();
  ASSERT_EQ(reported.size(), 2U);
  EXPECT_EQ(*reported[0]["to"].text(), "c");
  EXPECT_EQ(reported[0]["packets"].whole(), 1U);
  EXPECT_EQ(*reported[1]["from"].text(), "b");
  EXPECT_EQ(reported[1]["cut"].whole(), 1U);
}

}  // namespace
}  // namespace intertie::wan
