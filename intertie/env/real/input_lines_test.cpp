#include "intertie/env/real/input_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

using ::testing::ElementsAre;

class InputLinesTest : public ::testing::Test {
 protected:
  InputLinesTest() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~InputLinesTest() override {
    ::close(ends_[0]);
    close_write_end();
  }
  void write(const std::string& text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_write_end() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  RealLoop loop_;
  std::array<int, 2> ends_{};
  std::vector<std::string> lines_;
};

TEST_F(InputLinesTest, ComeWholeAndEndQuietly) {
  const InputLines input(loop_, ends_[0], [this](const std::string& line) { lines_.push_back(line); });
  write("cut col");
  run_until(
      loop_, [] { return false; }, std::chrono::milliseconds(5));
  write("umbus\nmend columbus\nno line break");
  ASSERT_TRUE(run_until(loop_, [this] { return lines_.size() == 2; }));
  close_write_end();
  run_until(
      loop_, [] { return false; }, std::chrono::milliseconds(5));
  EXPECT_THAT(lines_, ElementsAre("cut columbus", "mend columbus"));
}

TEST_F(InputLinesTest, AnEndlessLineComesInParts) {
  const InputLines input(loop_, ends_[0], [this](const std::string& line) { lines_.push_back(line); });
  write(std::string(2 * InputLines::kMaxLine, 'x'));
  ASSERT_TRUE(run_until(loop_, [this] { return lines_.size() == 2; }));
  EXPECT_EQ(lines_[0].size(), InputLines::kMaxLine);
}

TEST_F(InputLinesTest, NoneComeAfterTheirEnd) {
  {
    const InputLines input(loop_, ends_[0], [this](const std::string& line) { lines_.push_back(line); });
    write("late\n");
  }
  run_until(
      loop_, [] { return false; }, std::chrono::milliseconds(5));
  EXPECT_TRUE(lines_.empty());
}

TEST_F(InputLinesTest, WhereThereIsNoDescriptorThereAreNone) {
  const InputLines input(loop_, -1, [this](const std::string& line) { lines_.push_back(line); });
  run_until(
      loop_, [] { return false; }, std::chrono::milliseconds(5));
  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace intertie::env::real
