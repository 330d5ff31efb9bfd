#include "intertie/site/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace intertie::site {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const env::TimePoint kStart{};

Launch three() { return Launch({"ashburn", "columbus", "quincy"}); }

TEST(Launch, AllEndWell) {
  Launch launch = three();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(launch.ended(i, {}, kStart), IsEmpty());
  EXPECT_TRUE(launch.all_ended());
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, TheFirstRequestAsksTheHolderTheSecondKills) {
  Launch launch = three();
  EXPECT_THAT(launch.stop_requested(kStart), ElementsAre(testing::An<LaunchAction>(), LaunchAction(SendSignal{0, SIGINT})));
  EXPECT_THAT(launch.stop_requested(kStart),
              ElementsAre(LaunchAction(SendSignal{0, SIGKILL}), LaunchAction(SendSignal{1, SIGKILL}),
                          LaunchAction(SendSignal{2, SIGKILL})));
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, {.exit_code = 0, .signal = SIGKILL}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "ended at once, as asked; no checkpoint was written");
}

TEST(Launch, StoppedByRequest) {
  Launch launch = three();
  launch.stop_requested(kStart);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(launch.ended(i, {.exit_code = 3, .signal = 0}, kStart), IsEmpty());
  EXPECT_EQ(launch.outcome().code, ExitCode::stopped);
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, ARequestThatCameTooLateLeavesARunThatIsDone) {
  Launch launch = three();
  launch.stop_requested(kStart);
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, {.exit_code = 0, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
}

TEST(Launch, AFailureEndsTheOthersStepByStep) {
  Launch launch = three();
  EXPECT_THAT(launch.ended(1, {.exit_code = 1, .signal = 0}, kStart),
              ElementsAre(LaunchAction(SendSignal{0, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
  EXPECT_THAT(launch.time_passed(kStart + std::chrono::seconds(1)), IsEmpty());
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  env::TimePoint later = launch.deadline();
  EXPECT_THAT(launch.time_passed(later), ElementsAre(LaunchAction(SendSignal{2, SIGTERM})));
  later = launch.deadline();
  EXPECT_THAT(launch.time_passed(later), ElementsAre(LaunchAction(SendSignal{2, SIGKILL})));
  launch.ended(2, {.exit_code = 0, .signal = SIGKILL}, later);
  EXPECT_TRUE(launch.all_ended());
}

TEST(Launch, AfterOneEndedWellTheOthersHaveABound) {
  Launch launch = three();
  EXPECT_THAT(launch.ended(0, {}, kStart), IsEmpty());
  EXPECT_EQ(launch.deadline(), kStart + Launch::kEndWait);
  EXPECT_THAT(launch.time_passed(launch.deadline()),
              ElementsAre(LaunchAction(SendSignal{1, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
}

TEST(Launch, TheCauseIsReportedNotItsEchoes) {
  Launch launch = three();
  launch.failed_because(0, "lost columbus");
  launch.failed_because(1, "run.toml:3: unknown key");
  launch.failed_because(2, "lost columbus");
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(2, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 2, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::input);
  EXPECT_EQ(launch.outcome().message, "site columbus: run.toml:3: unknown key");
}

TEST(Launch, ADeathThatTheLauncherAskedForIsNotTheCause) {
  Launch launch = three();
  launch.failed_because(0, "no space left");
  launch.ended(0, {.exit_code = 1, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 0, .signal = SIGINT}, kStart);
  launch.ended(2, {.exit_code = 4, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_THAT(launch.outcome().message, testing::HasSubstr("no space left"));
}

TEST(Launch, ADeathIsNamed) {
  Launch launch = three();
  launch.ended(2, {.exit_code = 0, .signal = SIGSEGV}, kStart);
  launch.failed_because(0, "lost quincy");
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 4, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site quincy died of signal 11");
}

TEST(Launch, AnExitCodeThatNobodyKnows) {
  Launch launch({"local"});
  launch.ended(0, {.exit_code = 127, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site local ended with exit code 127");
}

TEST(ExitCodes, FollowTheErrorsCode) {
  EXPECT_EQ(exit_code_of({ErrorCode::reconfigure, "", "", "", nullptr}), ExitCode::input);
  EXPECT_EQ(exit_code_of({ErrorCode::retry, "", "", "", nullptr}), ExitCode::unreachable);
  EXPECT_EQ(exit_code_of({ErrorCode::cancelled, "", "", "", nullptr}), ExitCode::stopped);
  EXPECT_EQ(exit_code_of({ErrorCode::give_up, "", "", "", nullptr}), ExitCode::failed);
}

}  // namespace
}  // namespace intertie::site
