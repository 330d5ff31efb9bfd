#include "intertie/env/real/text_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>

namespace intertie::env::real {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Importance = TextOutput::Importance;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A pipe of 4 KiB, full from the start where it is to hold its writers.
class Pipe {
 public:
  static constexpr std::size_t kSize = 4096;
  enum class Start { empty, full };

  explicit Pipe(Start start) {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[1], F_SETPIPE_SZ, kSize), static_cast<int>(kSize));
    const std::string filling(kSize - 1, '.');
    if (start == Start::full) {
      EXPECT_EQ(::write(ends_[1], (filling + "\n").data(), kSize), static_cast<ssize_t>(kSize));
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { close_read_end(); }

  int write_end() const { return ends_[1]; }
  // What is there now; waits for something, at most until the writers are gone.
  std::string read_some() {
    std::array<char, 65536> buffer{};
    const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  std::string read_until(const std::string& last) {
    std::string text;
    while (text.find(last) == std::string::npos) text += read_some();
    return text;
  }
  void close_write_end() { ::close(ends_[1]); }
  void close_read_end() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }

 private:
  std::array<int, 2> ends_{};
};

std::string notice(std::uint64_t num_dropped) { return std::to_string(num_dropped) + " lines are missing\n"; }

TEST(TextOutput, WritesEverythingInOrderBeforeItEnds) {
  Pipe pipe(Pipe::Start::empty);
  {
    TextOutput out(pipe.write_end(), {});
    for (int i = 0; i < 100; ++i) out.write("line " + std::to_string(i) + "\n");
    EXPECT_TRUE(out.finish());
    out.write("last\n", Importance::progress);
  }
  pipe.close_write_end();
  const auto lines = lines_of(pipe.read_some());
  ASSERT_EQ(lines.size(), 101U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(lines[i], "line " + std::to_string(i));
  EXPECT_EQ(lines.back(), "last");
}

// 100 lines of 10 bytes, 500 bytes of room. The writer has one more line in hand, or the first notice.
TEST(TextOutput, AHeldOutputDropsTheOldestAndSaysHowMany) {
  Pipe pipe(Pipe::Start::full);
  TextOutput out(pipe.write_end(), {.notice = notice, .capacity = Bytes{500}});
  for (int i = 100; i < 200; ++i) out.write("line  " + std::to_string(i) + "\n");
  const auto lines = lines_of(pipe.read_until("199\n"));
  std::size_t num_missing = 0, num_lines = 0;
  std::string after_notice;
  for (const std::string& line : lines) {
    if (after_notice == "next") after_notice = line;
    if (line.starts_with("line")) ++num_lines;
    if (!line.ends_with(" missing")) continue;
    num_missing += std::stoul(line);
    after_notice = "next";
  }
  EXPECT_EQ(num_lines + num_missing, 100U);
  EXPECT_THAT(num_lines, testing::AnyOf(50U, 51U));
  EXPECT_EQ(after_notice, "line  150") << "it stands where they are missing";
  EXPECT_TRUE(out.finish());
  out.write("line  200\n");
  EXPECT_EQ(pipe.read_until("200\n"), "line  200\n") << "said once";
}

TEST(TextOutput, ProgressIsDroppedFirst) {
  Pipe pipe(Pipe::Start::full);
  TextOutput out(pipe.write_end(), {.notice = notice, .capacity = Bytes{100}});
  out.write("first\n");  // the writer may have this one in hand
  for (int i = 0; i < 20; ++i) {
    out.write("progress " + std::to_string(i) + "\n", Importance::progress);
    if (i % 5 == 0) out.write("warning " + std::to_string(i) + "\n");
  }
  for (int i = 0; i < 4; ++i) out.write("progress again\n", Importance::progress);
  out.write("error\n");
  const std::string text = pipe.read_until("error\n");
  for (const char* line : {"first\n", "warning 0\n", "warning 5\n", "warning 10\n", "warning 15\n", "progress again\nerror\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, testing::Not(HasSubstr("progress 19\n")));
  EXPECT_THAT(text, HasSubstr("lines are missing\n"));
}

TEST(TextOutput, ALineLongerThanTheQueueIsTaken) {
  Pipe pipe(Pipe::Start::empty);
  TextOutput out(pipe.write_end(), {.notice = notice, .capacity = Bytes{10}});
  out.write(std::string(100'000, 'x') + "\n");
  EXPECT_EQ(pipe.read_until("\n"), std::string(100'000, 'x') + "\n");
}

TEST(TextOutput, AHeldOutputIsGivenUpAfterAWhile) {
  ::signal(SIGPIPE, SIG_IGN);  // the thread that is left behind ends when its reader goes
  Pipe pipe(Pipe::Start::full);
  const auto start = std::chrono::steady_clock::now();
  {
    TextOutput out(pipe.write_end(), {.patience = 20ms});
    out.write("one\n");
    out.write("two\n");
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(out.finish());
  }
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, 5s) << "the patience is not spent anew by each wait";
}

TEST(TextOutput, AnOutputThatIsGoneSaysWhyAndTakesNothing) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe(Pipe::Start::full);
  TextOutput out(pipe.write_end(), {});
  out.write("one\n");
  EXPECT_EQ(out.fault(), "");
  EXPECT_FALSE(out.has_no_reader());
  pipe.close_read_end();
  EXPECT_TRUE(out.finish());
  EXPECT_EQ(out.fault(), "Broken pipe");
  EXPECT_TRUE(out.has_no_reader());
  out.write("two\n");
  EXPECT_TRUE(out.finish());
}

TEST(TextOutput, NothingIsLostWhereSomebodyMadeItNonBlocking) {
  Pipe pipe(Pipe::Start::full);
  ASSERT_EQ(::fcntl(pipe.write_end(), F_SETFL, O_NONBLOCK), 0);
  TextOutput out(pipe.write_end(), {});
  std::string sent;
  for (int i = 0; i < 1000; ++i) sent += "line " + std::to_string(i) + "\n";
  out.write(sent + "last\n");
  EXPECT_THAT(pipe.read_until("last\n"), HasSubstr(sent));
}

// The launcher reads its signals from the thread that blocks them: another one would end the program.
TEST(TextOutput, ItsThreadTakesNoSignals) {
  Pipe pipe(Pipe::Start::empty);
  TextOutput out(pipe.write_end(), {});
  sigset_t interrupt, before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &interrupt, &before), 0);
  ::kill(::getpid(), SIGINT);
  EXPECT_EQ(::sigwaitinfo(&interrupt, nullptr), SIGINT);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace intertie::env::real
