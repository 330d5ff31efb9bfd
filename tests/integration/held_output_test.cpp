// Output that nobody takes, as of a terminal that is held (Ctrl-S) or a pipe that is not read: training goes on and ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "intertie/env/real/children.h"
#include "intertie/site/site_output.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

// A pipe of 4 KiB that is full, and read only where a test says so.
class HeldPipe {
 public:
  HeldPipe() {
    EXPECT_EQ(::pipe(ends_.data()), 0);  // the programs inherit it
    EXPECT_EQ(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 4096);
    const std::string filling = std::string(4095, '.') + "\n";
    EXPECT_EQ(::write(ends_[1], filling.data(), filling.size()), 4096);
  }
  ~HeldPipe() {
    for (const int end : ends_) ::close(end);
  }
  HeldPipe(const HeldPipe&) = delete;
  HeldPipe& operator=(const HeldPipe&) = delete;

  int write_end() const { return ends_[1]; }
  std::vector<std::string> read_lines_until(const std::string& last) const {
    std::string text;
    std::array<char, 4096> buffer{};
    while (text.find(last) == std::string::npos) {
      const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
      text.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool still_full() const {
    int bytes = 0;
    return ::ioctl(ends_[0], FIONREAD, &bytes) == 0 && bytes == 4096;
  }

 private:
  std::array<int, 2> ends_{};
};

std::string run_file(std::size_t num_sites) {
  std::string text = R"([run]
name = "r"
[model]
kind = "toy"
toy_elements = 1000
[data]
train = "text.txt"
[train]
tokens = "20 steps"
local_batch_size = 2
sequence_length = 16
optimizer = "sgd"
threads = 1
[sync]
every = 5
)";
  const auto ports = env::real::free_loopback_ports(num_sites);
  EXPECT_TRUE(ports);
  for (std::size_t i = 0; i < num_sites; ++i)
    text += fmt::format("[[site]]\nname = \"{}\"\naddress = \"127.0.0.1:{}\"\n", "abc"[i], (*ports)[i]);
  return text;
}

class HeldOutput : public ::testing::Test {
 protected:
  // `intertie train run.toml ...` with both outputs into the pipe.
  Ran train(std::size_t num_sites, const std::string& more) {
    folder_.write("run.toml", run_file(num_sites));
    folder_.write("text.txt", numbered_words(1000));
    EXPECT_EQ(intertie(folder_.path(), {"ca", "run.toml"}).exit_code, 0);
    const std::string script =
        fmt::format("exec \"$0\" train run.toml {0} >/dev/fd/{1} 2>/dev/fd/{1}", more, held_.write_end());
    return run(folder_.path(), {"/bin/sh", "-c", script, INTERTIE_PROGRAM}, {}, std::chrono::seconds(30));
  }
  bool complete(const std::string& site) {
    for (const Json& event : events_in(folder_.read("runs/r/" + site + "/events.jsonl"))) {
      if (event["event"] == "run.finished") return event["complete"] == true;
    }
    return false;
  }
  Folder folder_;
  HeldPipe held_;
};

TEST_F(HeldOutput, ALocalRunGoesOnAndEnds) {
  for (const char* more : {"--local", "--local --fresh --json"}) {
    const Ran ran = train(2, more);
    EXPECT_FALSE(ran.late) << more;
    EXPECT_EQ(ran.exit_code, 0) << more;
    EXPECT_TRUE(complete("a") && complete("b")) << more;
    EXPECT_TRUE(held_.still_full()) << more;
  }
}

TEST_F(HeldOutput, ASiteGoesOnAndEnds) {
  const Ran ran = train(1, "--site a");
  EXPECT_FALSE(ran.late);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(complete("a"));
  EXPECT_TRUE(held_.still_full());
}

TEST_F(HeldOutput, ASiteThatFailsEnds) {
  const Ran ran = train(1, "--site a --data nowhere.txt");
  EXPECT_FALSE(ran.late);
  EXPECT_EQ(ran.exit_code, 2);
}

status::Record record(std::string name, std::vector<std::pair<std::string, Event::Value>> fields = {}) {
  return {.event = {std::move(name), std::move(fields)}, .site = "ashburn", .wall = {}, .since_start = Duration(0)};
}

// What is missing is said in the form of the rest; the last lines and what comes seldom are there.
TEST_F(HeldOutput, WhatWasNotShownIsCounted) {
  for (const bool json : {false, true}) {
    SCOPED_TRACE(json ? "as JSON" : "as text");
    HeldPipe held;
    site::SiteOutput output(held.write_end(), {.json = json, .log = "runs/r/a/events.jsonl"});
    const int num_progress = 5000;
    output.consume(record("warning", {{"message", "seldom"}}));
    for (int i = 0; i < num_progress; ++i) output.consume(record("progress"));
    output.consume(record("warning", {{"message", "the last"}}));
    auto lines = held.read_lines_until("the last");
    lines.erase(lines.begin());  // the filling
    int num_shown = 0, num_missing = 0, num_seldom = 0;
    for (const std::string& line : lines) {
      EXPECT_TRUE(!json || parse_json(line)) << line;
      const auto at = line.find(" lines are missing here");
      if (at != std::string::npos) {
        num_missing += std::stoi(line.substr(line.find_last_not_of("0123456789", at - 1) + 1));
        EXPECT_THAT(line, HasSubstr("runs/r/a/events.jsonl has every event"));
      } else {
        line.find("seldom") == std::string::npos ? ++num_shown : ++num_seldom;
      }
    }
    EXPECT_GT(num_missing, 0);
    EXPECT_EQ(num_seldom, 1);
    EXPECT_EQ(num_shown + num_missing, num_progress + 1);
    EXPECT_THAT(lines, Each(HasSubstr("ashburn")));
  }
}

}  // namespace
}  // namespace intertie::tests
