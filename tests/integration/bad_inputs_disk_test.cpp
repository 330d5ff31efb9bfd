// Disks that cannot be written, and files that are none. Full and read-only file systems are tmpfs in a mount namespace of the
// test's own, which needs root; without it those tests are skipped, and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kNobody = 65534;

// A checkpoint of one site: 1.2 MB (parameters, anchor, outer momentum).
const std::string kTwoSites = R"([run]
name = "r"
[model]
kind = "toy"
toy_elements = 100_000
[data]
train = "text.txt"
[train]
tokens = "60 steps"
local_batch_size = 2
sequence_length = 16
optimizer = "sgd"
threads = 1
checkpoint_every = "10 steps"
[sync]
every = 5
[[site]]
name = "a"
[[site]]
name = "b"
)";

class Disks : public ::testing::Test {
 protected:
  Disks() {
    folder_.write("run.toml", kTwoSites);
    folder_.write("text.txt", numbered_words(1000));
  }

  ~Disks() override { ::chmod(folder_.path().c_str(), 0755); }

  // `script` in a mount namespace of its own, where $0 is the program; not run where that is impossible.
  bool can_mount() { return run(folder_.path(), {"/usr/bin/unshare", "-m", "/bin/true"}).exit_code == 0; }
  Ran with_mounts(const std::string& script) {
    return run(folder_.path(), {"/usr/bin/unshare", "-m", "/bin/sh", "-c", script, INTERTIE_PROGRAM});
  }
  static std::vector<std::string> errors_of(const Ran& ran) {
    std::vector<std::string> errors;
    for (const std::string& line : ran.errors) {
      if (line.starts_with("error: ")) errors.push_back(line);
    }
    EXPECT_FALSE(ran.late) << ran.all();
    for (const char* trace : {"terminate called", "check failed", " at 0x"}) EXPECT_THAT(ran.all(), Not(HasSubstr(trace)));
    return errors;
  }
  Folder folder_;
};

// The first checkpoint fits, the second does not. Then there is room again, and the run goes on from the first.
TEST_F(Disks, AFullDiskEndsTheRunAndTheCheckpointBeforeIsWhole) {
  if (!can_mount()) GTEST_SKIP() << "no mount namespace: needs root";
  const Ran ran = with_mounts(R"(mkdir runs && mount -t tmpfs -o size=3m tmpfs runs || exit 99
"$0" train run.toml --local; code=$?
echo "ended with $code"
find runs -name '*.part*' -o -name '*.writing*' | sed 's/^/left: /'
mount -o remount,size=100m runs || exit 99
"$0" train run.toml --local --resume; echo "resumed with $?"
exit $code)");
  ASSERT_NE(ran.exit_code, 99) << ran.all();
  EXPECT_EQ(ran.exit_code, kFailed) << ran.all();
  const auto errors = errors_of(ran);
  ASSERT_EQ(errors.size(), 1U) << ran.all();
  EXPECT_THAT(errors[0], AllOf(HasSubstr("error: site "), HasSubstr("no space left on the disk; free some space there")));
  EXPECT_THAT(ran.lines, Not(Contains(HasSubstr("left: ")))) << "nothing is half-written";
  EXPECT_THAT(ran.lines, Contains(HasSubstr("goes on from step 10 "))) << ran.all();
  EXPECT_THAT(ran.lines, Contains("resumed with 0")) << ran.all();
}

TEST_F(Disks, AReadOnlyDiskIsNamedBeforeAnythingIsStarted) {
  if (!can_mount()) GTEST_SKIP() << "no mount namespace: needs root";
  const Ran ran = with_mounts(R"(mkdir runs && mount -t tmpfs -o ro tmpfs runs || exit 99; exec "$0" train run.toml --local)");
  ASSERT_NE(ran.exit_code, 99) << ran.all();
  EXPECT_EQ(ran.exit_code, kInput) << ran.all();
  const auto errors = errors_of(ran);
  ASSERT_EQ(errors.size(), 1U) << ran.all();
  EXPECT_THAT(errors[0], AllOf(HasSubstr("error: runs/r"), HasSubstr("the file system is read-only; choose another path")));
  EXPECT_THAT(ran.lines, IsEmpty()) << "no site was started";
}

// For root every folder is writable, so the program runs as somebody else there.
TEST_F(Disks, AFolderWithoutWritePermissionIsNamedBeforeAnythingIsStarted) {
  const std::string user = std::to_string(kNobody);
  std::vector<std::string> command = {INTERTIE_PROGRAM};
  if (::geteuid() == 0) {
    command = {"/usr/bin/setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", INTERTIE_PROGRAM};
  }
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  std::vector<std::string> version = command;
  version.emplace_back("version");
  if (run(folder_.path(), version).exit_code != 0) GTEST_SKIP() << "another user cannot run " << INTERTIE_PROGRAM;
  const auto before = folder_.files();
  command.insert(command.end(), {"train", "run.toml", "--local"});
  const Ran ran = run(folder_.path(), command);
  EXPECT_EQ(ran.exit_code, kInput) << ran.all();
  const auto errors = errors_of(ran);
  ASSERT_EQ(errors.size(), 1U) << ran.all();
  EXPECT_THAT(errors[0],
              AllOf(HasSubstr("error: runs/r"), HasSubstr("permission denied; give this user access, or choose another path")));
  EXPECT_THAT(ran.lines, IsEmpty()) << "no site was started";
  EXPECT_EQ(folder_.files(), before);
}

TEST_F(Disks, APipeForTextIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(::mkdir((folder_.path() + "/texts").c_str(), 0755), 0);
  ASSERT_EQ(::mkfifo((folder_.path() + "/texts/pipe").c_str(), 0600), 0);
  for (const std::string data : {"texts/pipe", "texts"}) {
    const auto before = folder_.files();
    const Ran ran = intertie(folder_.path(), {"train", "run.toml", "--local", "--data", data});
    EXPECT_EQ(ran.exit_code, kInput) << ran.all();
    const auto errors = errors_of(ran);
    ASSERT_EQ(errors.size(), 1U) << ran.all();
    EXPECT_THAT(errors[0],
                HasSubstr("error: --data " + data + ": data.train: texts/pipe: cannot read: it is a pipe or a device"));
    EXPECT_EQ(folder_.files(), before);
  }
}

TEST_F(Disks, ALinkToItselfForARunFile) {
  ASSERT_EQ(::symlink("loop.toml", (folder_.path() + "/loop.toml").c_str()), 0);
  const Ran ran = intertie(folder_.path(), {"check", "loop.toml"});
  EXPECT_EQ(ran.exit_code, kInput) << ran.all();
  EXPECT_THAT(errors_of(ran), ::testing::ElementsAre(HasSubstr("error: loop.toml")));
}

}  // namespace
}  // namespace intertie::tests
